"""Data sets: real pictures and toy points, always cut into train, val and test the same way.

`load` gives a `Split`; `folds` and `batches` give indices into one; `augment` makes training images anew. `results`
gives what a long experiment measured. `photographs` are eight whole photographs, `read_photograph` takes one of
yours, `square` gives a piece of one in the size that a network takes.
"""

from cs231n_helpers import checks
from cs231n_helpers.checks import DataError
from cs231n_helpers.data import fashion_mnist, photo_patches, toy
from cs231n_helpers.data.augmentation import augment
from cs231n_helpers.data.cropping import square
from cs231n_helpers.data.experiments import results
from cs231n_helpers.data.photograph import read_photograph
from cs231n_helpers.data.photos import photographs
from cs231n_helpers.data.split import Split, batches, first, folds

__all__ = ["NAMES", "DataError", "Split", "augment", "batches", "folds", "load", "photographs",
           "read_photograph", "results", "square"]

NAMES = ("fashion_mnist", "photo_patches", "cifar10", *toy.NAMES)
_OPTIONS = {"fashion_mnist": ("full",), "photo_patches": (), "cifar10": ()}


def load(name="fashion_mnist", *, train=None, val=None, test=None, **options):
    """A data set by name, as a Split of read-only arrays: the same examples in the same order every time.

    Parameters
    ----------
    name : "fashion_mnist" (in the project: 9,000 + 1,000 + 2,000 images, 28x28x1), "photo_patches" (in the
        project: 2,400 + 600 + 600 colour patches of eight photographs, 32x32x3), "cifar10" (fetched once, 170 MB:
        45,000 + 5,000 + 10,000 images, 32x32x3), or points in the plane: "blobs", "spiral", "circles", "moons".
    train, val, test : how many examples of each part; the first n, which are balanced as far as n divides by the
        number of classes. None: all of them (toy sets: 300, 100, 100).
    options : full=True for "fashion_mnist" (all 70,000 images, where the original files are installed);
        classes=, noise= and seed= for toy sets.

    Raises
    ------
    DataError (a ValueError) if a file is missing, damaged or foreign; nothing is ever half loaded.
    """
    checks.one_of("data.load", "name", name, NAMES)
    _refuse_unknown(name, options)
    if name in toy.NAMES:
        return toy.load(name, train=train, val=val, test=test, **options)
    return first(_images(name, options), train=train, val=val, test=test)


def _images(name, options):
    if name == "fashion_mnist":
        return fashion_mnist.load(**options)
    if name == "photo_patches":
        return photo_patches.load()
    from cs231n_helpers.data import cifar10  # here, because it is also run as `python -m ...cifar10`

    return cifar10.load()


def _refuse_unknown(name, options):
    known = ("train", "val", "test", *_OPTIONS.get(name, ("classes", "noise", "seed")))
    for option in options:
        if option not in known:
            raise TypeError(f"data.load: {name!r} has no option {option!r}; it has {', '.join(known)}.")
