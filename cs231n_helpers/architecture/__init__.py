"""Architectures: written as a pattern, priced in a table, and those that made history."""

from .notation import PatternError
from .pattern import parse
from .published import ALEXNET, GOOGLENET, LENET, RESNET50, VGG16, ZFNET
from .tables import Memory, Row, memory, table

__all__ = ["parse", "PatternError", "table", "memory", "Row", "Memory",
           "LENET", "ALEXNET", "ZFNET", "GOOGLENET", "VGG16", "RESNET50"]
