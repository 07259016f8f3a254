"""Linear classifiers on features and on raw pixels of few colour patches, and of few images of Fashion-MNIST.

As the experiment `transfer_features`, on the data sets that come with the project, and with a choice of three layers.
"""

import runpy
from pathlib import Path

SETTINGS = {"sets": {"photo_patches": [600, 600], "fashion_mnist": [600, 600]},
            "per_class": [5, 10, 20, 50, 100, 200], "seeds": [0, 1, 2, 3, 4],
            "networks": {"squeezenet": {"size": 128, "choices": [["fire4"], ["fire6"], ["fire8"]]},
                         "efficientnet_lite0": {"size": 96, "choices": [["inverted9"], ["inverted14"], ["top1"]]}},
            "l2s": [0.01, 0.1, 1.0, 10.0], "steps": 200}  # fmt: skip


def run(**settings):
    return runpy.run_path(str(Path(__file__).with_name("transfer_features.py")))["run"](**settings)
