import dataclasses
import os
from typing import Optional


@dataclasses.dataclass
class Seedless:
    """Of earlier releases."""

    max_new_tokens: int = 128
    min_new_tokens: int = 0
    ignore_eos: bool = False
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = -1


@dataclasses.dataclass
class SamplingParams(Seedless):
    sampling_seed: Optional[int] = None


if "STAND_IN_SEEDLESS" in os.environ:
    SamplingParams = Seedless
