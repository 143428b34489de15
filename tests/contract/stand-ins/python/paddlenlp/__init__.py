"""PaddleNLP's call signatures, as far as the driver uses them."""

__version__ = "3.0.0"
