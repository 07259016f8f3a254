"""A ConvNet trained from scratch on 5 to 200 images per class of the colour patches and of Fashion-MNIST.

As the experiment `transfer_scratch`, on the data sets that come with the project, with fewer settings to choose from.
"""

import runpy
from pathlib import Path

SETTINGS = {"sets": ["photo_patches", "fashion_mnist"], "per_class": [5, 10, 20, 50, 100, 200],
            "seeds": [0, 1, 2, 3, 4], "epochs": [40, 30, 25, 20, 15, 12], "lengths": [1], "lrs": [1e-3, 4e-3],
            "augmentations": ["mirror and shift", "mirror"], "val": 600, "test": 600}  # fmt: skip


def run(**settings):
    return runpy.run_path(str(Path(__file__).with_name("transfer_scratch.py")))["run"](**settings)
