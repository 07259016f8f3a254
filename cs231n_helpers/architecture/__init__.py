"""Architectures: written as a pattern, priced in a table, and those that made history."""

from .notation import PatternError
from .pattern import parse
from .published import ALEXNET, CASES, GOOGLENET, LENET, RESNET50, VGG16, ZFNET
from .tables import Memory, Row, depth, memory, table

__all__ = ["parse", "PatternError", "table", "depth", "memory", "Row", "Memory",
           "LENET", "ALEXNET", "ZFNET", "GOOGLENET", "VGG16", "RESNET50",
           "CASES"]
