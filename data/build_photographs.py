"""Make data/photographs/*.jpg from photographs that install with scikit-image and scikit-learn.

    pip install scikit-image scikit-learn pillow
    python data/build_photographs.py [FOLDER]

Every photograph is reduced so that its shorter side has 288 pixels, and saved as a JPEG of quality 85 with its colours
at full resolution: so every common decoder gives the same pixels.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))     # the script also runs without an installation
sys.path.insert(0, str(Path(__file__).resolve().parent))

from build_photo_patches import SOURCES, source

from cs231n_helpers import storage
from cs231n_helpers.data import photos

SIDE = 288                      # pixels of the shorter side
QUALITY = 85


def reduced(name):
    """The photograph as a Pillow image, SIDE pixels on its shorter side."""
    from PIL import Image

    package, file, _ = SOURCES[name]
    picture = Image.open(source(package, file)).convert("RGB")
    factor = SIDE / min(picture.size)
    return picture.resize([round(side * factor) for side in picture.size], Image.Resampling.LANCZOS)


def build(folder):
    """Write all photographs; return their paths."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = [Path(folder) / f"{name}.jpg" for name in photos.FILES]
    for path in paths:
        with storage.replacing(path) as file:
            reduced(path.stem).save(file, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return paths


def main(folder=photos.FOLDER):
    """Build the files and print their manifest, the dict FILES of cs231n_helpers/data/photos.py."""
    for path in build(folder):
        found = storage.sha256(path)
        same = "" if found == photos.FILES[path.stem].sha256 else "        # NOT the committed file"
        width, height = reduced(path.stem).size
        print(f'    "{path.stem}": File({height}, {width}, {path.stat().st_size}, "{found}"),{same}')


if __name__ == "__main__":
    main(*sys.argv[1:])
