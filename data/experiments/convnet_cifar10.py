"""A small ConvNet on up to 20,000 training pictures of CIFAR-10: its test accuracy, and how long it trains.

The recipe of the experiment `convnet` with settings of its own. It needs CIFAR-10, which is not part of the project:
data/README.md says how to fetch it, or how to point to an archive. One with fewer training pictures will do; the result
says how many there were.
"""

import runpy
from dataclasses import replace
from pathlib import Path

SETTINGS = {"pattern": "CONV3-32 POOL BN RELU CONV3-64 POOL BN RELU CONV3-128 POOL BN RELU DROPOUT0.5 FC",
            "lr": 4e-3, "count": 12, "batch": 64, "shift": 2, "keep": 0.995, "seeds": [0], "images": 20000}  # fmt: skip


def run(seeds, images, **settings):
    from cs231n_helpers import data

    convnet = runpy.run_path(str(Path(__file__).with_name("convnet.py")))
    whole = data.load("cifar10")
    split = convnet["prepared"](replace(whole, X_train=whole.X_train[:images], y_train=whole.y_train[:images]))
    return {"images": len(split.y_train), "test_images": len(split.y_test),
            "runs": [convnet["train_once"](split, seed, **settings) for seed in seeds]}  # fmt: skip
