"""Controls on drawings: with this package, one line turns a drawing function into a figure that answers at once."""

from .circuit import Circuit, circuit
from .circuit_still import circuit_picture
from .controls import Numbers, Points, Press, log
from .explorer import Explorer, explore
from .pattern_box import PatternBox
from .peek import peek
from .photo_box import PhotoBox
from .playground import Playground
from .search_board import SearchBoard
from .still import Still, picture
from .training_panel import TrainingPanel

__all__ = ["Circuit", "Explorer", "Numbers", "PatternBox", "PhotoBox", "Playground", "Points", "Press", "SearchBoard",
           "Still", "TrainingPanel", "circuit", "circuit_picture", "explore", "log", "peek", "picture"]  # fmt: skip
