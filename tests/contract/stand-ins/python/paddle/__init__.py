"""Paddle's call signatures, as far as the driver uses them."""

import types

from paddle import distributed

__all__ = ["distributed"]
__version__ = "3.2.0"

device = types.SimpleNamespace(synchronize=lambda: None, get_device=lambda: "cpu")
seeds = []


def seed(value):
    seeds.append(value)
