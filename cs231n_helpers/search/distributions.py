"""Where the values of a hyperparameter come from: a range, and the scale on which it is evenly filled.

Each is a frozen record that turns a number u between 0 and 1, its place in the range, into a value, and a value back
into its place. So a sampler thinks in places only, and the scale is decided here.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from cs231n_helpers import checks

NARROWEST = 0.01                                                    # what `around` leaves at least on each side


class Range:
    """What `uniform` and `log_uniform` share: two ends, and an order from one to the other."""

    ordered: ClassVar[bool] = True

    def __post_init__(self):
        where = type(self).__name__
        for name in ("low", "high"):
            if self.integer:
                checks.whole(where, name, getattr(self, name))
            checks.real(where, name, getattr(self, name), above=0 if where == "log_uniform" else None)
        if self.high < self.low or (self.high == self.low and not self.integer):
            raise ValueError(f"{where}: low must be below high, got low = {self.low:g} and high = {self.high:g}.")

    @property
    def top(self):
        """Where the range ends: whole numbers each have the room up to the next one, so one above `high`."""
        return self.high + 1 if self.integer else self.high

    def points(self, count):
        """`count` values, as far from each other as can be: the first is `low`, the last is `high`."""
        places = np.linspace(0, 1, count) if count > 1 else [0.5]
        return list(dict.fromkeys(self.at(u) for u in places))      # a short range of whole numbers has fewer

    def around(self, values):
        """The part of this range that `values` take up, and as much more as lies between two of them on average."""
        places = [self.place(value) for value in values]
        margin = max((max(places) - min(places)) / max(len(places) - 1, 1), NARROWEST)
        return replace(self, low=self.at(max(min(places) - margin, 0)), high=self.at(min(max(places) + margin, 1)))

    def _value(self, x):
        """x as a value of this range: never beyond its ends, and whole where it must be."""
        x = np.clip(np.floor(x) if self.integer else x, self.low, self.high)
        return x if np.ndim(x) else int(x) if self.integer else float(x)


@dataclass(frozen=True)
class uniform(Range):
    """Evenly on the line: low + u * (high - low). For what is added or is a share: the fraction dropout keeps.

    With integer=True: whole numbers from `low` to `high`, both included, all equally likely.
    """

    low: float
    high: float
    integer: bool = False

    def at(self, u):
        """The value at place u (a number or an array), 0 <= u <= 1."""
        return self._value(self.low + np.multiply(u, self.top - self.low))

    def place(self, value):
        """Where `value` lies, between 0 (low) and 1 (high): at(place(value)) is value."""
        return float((value + 0.5 * self.integer - self.low) / (self.top - self.low))


@dataclass(frozen=True)
class log_uniform(Range):
    """Evenly in the exponent: low * (high / low)**u. For what multiplies: learning rates, penalties, widths.

    From 1e-4 to 1, a quarter of the values falls into each power of ten; evenly on the line, nine tenths would lie
    between 0.1 and 1. Source: CS231n notes, Neural networks part 3 (10 ** uniform(-4, 0) is the same).
    With integer=True: whole numbers from `low` to `high`, both included.
    """

    low: float
    high: float
    integer: bool = False

    def at(self, u):
        """The value at place u (a number or an array), 0 <= u <= 1."""
        return self._value(self.low * np.power(self.top / self.low, u))

    def place(self, value):
        """Where `value` lies, between 0 (low) and 1 (high), in the exponent: at(place(value)) is value."""
        return math.log((value + 0.5 * self.integer) / self.low) / math.log(self.top / self.low)


@dataclass(frozen=True)
class choice:
    """One of some options, without an order, all equally likely: choice("SGD", "Adam") or choice(["SGD", "Adam"])."""

    options: tuple
    ordered: ClassVar[bool] = False

    def __init__(self, *options):
        given = options[0] if len(options) == 1 and isinstance(options[0], (list, tuple)) else options
        if not given:
            raise ValueError("choice: options must hold at least one thing to choose, got none.")
        object.__setattr__(self, "options", tuple(given))

    def at(self, u):
        """The option at place u, 0 <= u <= 1: each has an equally wide part."""
        return self.options[min(int(u * len(self.options)), len(self.options) - 1)]

    def place(self, value):
        """The middle of the part that belongs to this option."""
        return (self.index(value) + 0.5) / len(self.options)

    def index(self, value):
        """The number of an option, counted from 0."""
        return self.options.index(checks.one_of("choice", "value", value, self.options))

    def points(self, count):
        """All options, however many points are asked for."""
        return list(self.options)

    def around(self, values):
        """The options that are among `values`."""
        return choice([option for option in self.options if option in values])


def check_space(where, space):
    """Return a copy of {name: distribution}, or say what is wrong with it."""
    if not isinstance(space, dict) or not space:
        raise TypeError(f"{where}: space must be a dict such as {{'learning_rate': log_uniform(1e-5, 1)}}, "
                        f"got {space!r}.")
    for name, distribution in space.items():
        if not isinstance(name, str):
            raise TypeError(f"{where}: the names in space must be text, got {name!r}.")
        if not isinstance(distribution, (Range, choice)):
            raise TypeError(f"{where}: space[{name!r}] must be log_uniform(low, high), uniform(low, high) or "
                            f"choice(options), got {distribution!r}.")
    return dict(space)
