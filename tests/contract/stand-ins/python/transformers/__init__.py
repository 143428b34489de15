from stand_in_model import Tokenizer as AutoTokenizer

__all__ = ["AutoTokenizer"]
__version__ = "5.0.0"
