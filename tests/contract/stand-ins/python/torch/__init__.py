import random
import types

__version__ = "2.9.0"

cuda = types.SimpleNamespace(is_available=lambda: False)
generator = random.Random(0)


def manual_seed(seed):
    generator.seed(seed)
