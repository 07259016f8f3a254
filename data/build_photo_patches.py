"""Make data/photo_patches.npz from photographs that install with scikit-image and scikit-learn.

    pip install scikit-image scikit-learn pillow
    python data/build_photo_patches.py [OUTPUT]

Every photograph is reduced by a whole factor, divided into tiles of 40 by 40 pixels, and the tiles are dealt: three
fifths to train, one fifth each to val and test. Patches of 32 by 32 are then cut within the tiles. What shows next to
nothing (a dark sky, the black around the retina) is left out.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))     # the script also runs without an installation

from cs231n_helpers import storage
from cs231n_helpers.data import photo_patches
from cs231n_helpers.data.photo_patches import CLASS_NAMES, COUNTS, SIDE, TILE

SEED = 231
CONTRAST = 8.0                  # least standard deviation of a patch's pixels, mean of the three channels
FEWEST = 20                     # corners a tile must offer, of 81
SOURCES = {                     # name: (package, file in it, factor of the reduction)
    "astronaut": ("skimage", "data/astronaut.png", 2), "cat": ("skimage", "data/chelsea.png", 1),
    "coffee": ("skimage", "data/coffee.png", 2), "flower": ("sklearn", "datasets/images/flower.jpg", 2),
    "galaxies": ("skimage", "data/hubble_deep_field.jpg", 2), "palace": ("sklearn", "datasets/images/china.jpg", 2),
    "retina": ("skimage", "data/retina.jpg", 3), "rocket": ("skimage", "data/rocket.jpg", 2)}


def source(package, file):
    """The path of a file that lies in an installed package, which is not imported; FileNotFoundError without it."""
    found = importlib.util.find_spec(package)
    path = Path(found.submodule_search_locations[0], file) if found else None
    if path is None or not path.is_file():
        raise FileNotFoundError(f"{package}/{file} is not installed")
    return path


def photograph(name):
    """The photograph (H, W, 3) uint8, reduced: each pixel is the rounded mean of factor x factor original ones."""
    from PIL import Image

    package, file, factor = SOURCES[name]
    pixels = np.asarray(Image.open(source(package, file)).convert("RGB"), np.int64)
    H, W = (side // factor for side in pixels.shape[:2])
    sums = pixels[:H * factor, :W * factor].reshape(H, factor, W, factor, 3).sum(axis=(1, 3))
    return ((sums + factor * factor // 2) // (factor * factor)).astype(np.uint8)


def tiles(photo):
    """For each tile the corners (n, 2) of the patches in it that show something; tiles with few are left out."""
    margins = [side % TILE // 2 for side in photo.shape[:2]]
    starts = [range(margin, side - TILE + 1, TILE) for margin, side in zip(margins, photo.shape[:2])]
    offers = ([(row + i, column + j) for i in range(TILE - SIDE + 1) for j in range(TILE - SIDE + 1)
               if contrast(photo[row + i:row + i + SIDE, column + j:column + j + SIDE]) >= CONTRAST]
              for row in starts[0] for column in starts[1])
    return [np.array(offer) for offer in offers if len(offer) >= FEWEST]


def contrast(patch):
    """Mean over the channels of the standard deviation of a patch's pixels."""
    return patch.astype(float).std(axis=(0, 1)).mean()


def draw(rng, offers, counts):
    """For each part that many corners, taken from its own tiles in turn."""
    order, fifth = rng.permutation(len(offers)), len(offers) // 5
    shares = order[2 * fifth:], order[:fifth], order[fifth:2 * fifth]
    return [take(rng, [offers[tile] for tile in share], count) for share, count in zip(shares, counts)]


def take(rng, offers, count):
    """`count` different corners, one of each tile in turn as long as it has any."""
    mixed = [rng.permutation(offer) for offer in offers]
    rounds = (offer[turn] for turn in range((TILE - SIDE + 1) ** 2) for offer in mixed if turn < len(offer))
    return np.array([corner for corner, _ in zip(rounds, range(count))])


def build(output):
    """Write the file; return its path."""
    rng = np.random.RandomState(SEED)       # not default_rng: only this generator never changes between NumPy versions
    photos = {name: photograph(name) for name in CLASS_NAMES}
    each = [count // len(CLASS_NAMES) for count in COUNTS.values()]
    drawn = [draw(rng, tiles(photo), each) for photo in photos.values()]            # [class][part] (count, 2)
    labels, corners = [], []
    for part, count in enumerate(each):     # each round of eight holds all eight, in mixed order
        rounds = np.concatenate([rng.permutation(len(CLASS_NAMES)) for _ in range(count)])
        labels.append(rounds)
        corners.extend(drawn[label][part][i // len(CLASS_NAMES)] for i, label in enumerate(rounds))
    differences = {name: np.diff(photo, axis=0, prepend=np.uint8(0)) for name, photo in photos.items()}
    storage.save_arrays(output, level=9, **differences, corners=np.array(corners, np.int16),
                        labels=np.concatenate(labels).astype(np.uint8))
    return Path(output)


def main(output=photo_patches.FILE):
    """Build the file and say whether it is the committed one."""
    path = build(output)
    found = storage.sha256(path)
    print(f"{path}: {path.stat().st_size:,} bytes, SHA-256 {found}")
    print("the committed file, byte for byte" if found == photo_patches.SHA256 else
          f"NOT the committed file ({photo_patches.SHA256}): other photographs, another JPEG decoder or another zlib")


if __name__ == "__main__":
    main(*sys.argv[1:])
