"""Points in the plane that can be seen and drawn: blobs, spiral, circles, moons. X (N, 2) float64, y (N,) int64.

Every set has a centre near 0 and a radius near 1. The first n points do not depend on how many are asked for, and the
parts (train, val, test) come from generators of their own: more training points leave the test points as they are.
"""

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.data.split import make_split

NAMES = ("blobs", "spiral", "circles", "moons")
NOISE = {"blobs": 0.2, "spiral": 0.03, "circles": 0.05, "moons": 0.08}      # spread that leaves the shape visible
CLASSES = {"blobs": 3, "spiral": 3, "circles": 2, "moons": 2}
COUNTS = {"train": 300, "val": 100, "test": 100}
MOST = 1_000_000


def load(name, *, train=None, val=None, test=None, classes=None, noise=None, seed=0):
    """One of the toy sets as a Split: so many points in each part, `classes` classes in turn, Gaussian `noise`.

    `noise` is the standard deviation of each coordinate. Classes are balanced as far as the count divides by them.
    """
    where, most = f"data.load({name!r})", 2 if name == "moons" else 10
    classes = CLASSES[name] if classes is None else checks.whole(where, "classes", classes, low=2, high=most)
    noise = NOISE[name] if noise is None else checks.real(where, "noise", noise, low=0)
    seed = checks.whole(where, "seed", seed, low=0)
    counts = dict(zip(COUNTS, (train, val, test)))
    parts = {}
    for number, part in enumerate(COUNTS):
        n = COUNTS[part] if counts[part] is None else checks.whole(where, part, counts[part], low=0, high=MOST)
        y = np.arange(n) % classes
        u = np.random.default_rng([seed, number, 0]).random(n)
        spread = noise * np.random.default_rng([seed, number, 1]).standard_normal((n, 2))
        parts[part] = _SHAPES[name](u, y, classes) + spread, y
    return make_split(name, [f"class {label}" for label in range(classes)], parts)


def _polar(radius, angle):
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _blobs(u, y, classes):
    """Class centres evenly on a circle of radius 0.8; all of the spread is noise."""
    return _polar(0.8, 2 * np.pi * y / classes + np.pi / 2)


def _spiral(u, y, classes):
    """One arm a class: the angle grows with the radius, by 4 radians, and the arms start evenly turned."""
    return _polar(u, 4 * u + 2 * np.pi * y / classes)


def _circles(u, y, classes):
    """One ring a class, the outermost of radius 1."""
    return _polar((y + 1) / classes, 2 * np.pi * u)


def _moons(u, y, classes):
    """Two half rings, one opened downwards, the other upwards and shifted into its opening."""
    upper = _polar(1.0, np.pi * u)
    lower = np.array([1.0, 0.5]) - upper
    return (np.where(y[:, None] == 0, upper, lower) - [0.5, 0.25]) / 1.5


_SHAPES = {"blobs": _blobs, "spiral": _spiral, "circles": _circles, "moons": _moons}
