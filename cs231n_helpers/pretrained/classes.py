"""The thousand classes of ImageNet, in the order of the networks' scores."""

import functools

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError

FILE = storage.PROJECT / "data" / "imagenet_classes.txt"


@functools.lru_cache(maxsize=1)
def class_names():
    """("tench", "goldfish", ...): for each class the first word of its WordNet entry; see data/README.md."""
    return tuple(name for _, name in _lines(FILE))


def _lines(path):
    """[(WordNet's number, name), ...]: the classes are ordered by that number."""
    remedy = "Get the file back with `git checkout data/imagenet_classes.txt`."
    try:
        lines = [line.split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}). {remedy}") from None
    if len(lines) != 1000 or not all(len(line) == 2 for line in lines) or lines != sorted(lines):
        raise DataError(f"{path} must hold a thousand lines, a number and a name each, in order. {remedy}")
    return lines
