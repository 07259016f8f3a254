"""Controls on drawings: with this package, one line turns a drawing function into a figure that answers at once."""

from .controls import Numbers, Points, Press, log
from .explorer import Explorer, explore
from .peek import peek
from .still import Still, picture

__all__ = ["Explorer", "Numbers", "Points", "Press", "Still", "explore", "log", "peek", "picture"]
