"""Eight photographs for networks that were trained on photographs. (Sources and licences: data/README.md.)

They are the photographs of `photo_patches` once more, larger: 288 pixels on the shorter side, as JPEG.
"""

import functools
from typing import NamedTuple

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError
from cs231n_helpers.data import photograph


class File(NamedTuple):
    """What a photograph must be: its height and width in pixels, its bytes and their SHA-256."""

    height: int
    width: int
    size: int
    sha256: str


FOLDER = storage.PROJECT / "data" / "photographs"
FILES = {
    "cat": File(288, 433, 30360, "c0343b40c14bee92d5876356553e5f9bce705273fd4725daebd85a1adeb60e9f"),
    "coffee": File(288, 432, 40393, "317a05cb7c43b6a48777fed73d8997c7da8be887f1429a968479fa283aa8cd23"),
    "flower": File(288, 432, 27138, "f4436df5249dc082f55c777d64877af79342f94ea5b85c9c3e83381d774e3a5f"),
    "palace": File(288, 432, 44648, "ecf70150a5de8d991b2314fcde1877bf9ac6db0a5672fc5655d7b6c1ae357cc0"),
    "rocket": File(288, 432, 25251, "f00700a13838adf74f938bdd726325a290ac68b1f26d3f2a2e82aa2f61d65152"),
    "astronaut": File(288, 288, 27302, "56db4126c717cc3a62f996a767ddb3f5455e936179e095b44b93f1038570800f"),
    "retina": File(288, 288, 17057, "950b981b84e58eb95780f7977b6cc66e60a27ffaa8704ed83562545f365a089e"),
    "galaxies": File(288, 330, 31302, "8c7b012f39beda9ebd867465b363274e48b711ec2ba2639277fca6d296c6e97a"),
}


def photographs():
    """{name: photograph (H, W, 3) uint8, read-only}: cat, coffee, flower, palace, rocket, astronaut, retina, galaxies.

    Cat, cup, palace and rocket (as "missile") have a name among the thousand classes of ImageNet; a dahlia, a space
    suit, a retina and galaxies have none.
    """
    return {name: _read(FOLDER / f"{name}.jpg", file) for name, file in FILES.items()}


@functools.lru_cache(maxsize=16)
def _read(path, file):
    """One photograph, after a look whether it is the file that was committed."""
    remedy = (f"Expected are {file.size:,} bytes with SHA-256 {file.sha256}. Get it back with `git checkout "
              f"data/photographs/{path.name}`, or make it again with `python data/build_photographs.py`.")
    if not path.is_file():
        raise DataError(f"{path} is missing. {remedy}")
    content = path.read_bytes()
    if (found := storage.sha256(path)) != file.sha256:
        raise DataError(f"{path} has been changed: {len(content):,} bytes, SHA-256 {found}. {remedy}")
    return photograph.read_photograph(content)
