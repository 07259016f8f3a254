"""The pretrained networks give the scores of the original implementations, on eight photographs at two sizes each."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pretrained_photographs import SIZES, shown, square

from cs231n_helpers import pretrained
from cs231n_helpers.data import photo_patches

ORIGINALS = json.loads((Path(__file__).parent / "pretrained_logits.json").read_text())
CASES = [(name, size) for name, sizes in SIZES.items() for size in sizes]


def photographs(size):
    return {name: square(photo, size) / np.float32(255) for name, photo in photo_patches.photographs().items()}


@pytest.fixture
def loaded(request):
    name, size = request.param
    try:
        return name, size, *getattr(pretrained, name)(size)
    except pretrained.MissingWeights as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("loaded", CASES, indirect=True, ids=lambda case: "-".join(map(str, case)))
@pytest.mark.parametrize("folded", [False, True], ids=["plain", "folded"])
def test_scores_are_those_of_the_original(loaded, folded):
    name, size, network, params, _ = loaded
    if folded:
        network, params = pretrained.folded(network, params)
    photos, expected = photographs(size), ORIGINALS[f"{name} {size}"]
    assert list(photos) == list(expected) and len(photos) >= 6
    for scores, photo in zip(network.predict(params, np.stack(list(photos.values()))), photos):
        assert np.argsort(-scores)[:5].tolist() == expected[photo]["top"], photo
        assert_allclose(scores[shown(scores)], expected[photo]["scores"], rtol=0, atol=2e-4, err_msg=photo)


@pytest.mark.parametrize("loaded", [("squeezenet", 128), ("efficientnet_lite0", 224)], indirect=True, ids=str)
def test_it_names_what_is_in_the_photographs(loaded):
    _, size, network, params, class_names = loaded
    photos = photographs(size)
    for photo, wanted in {"cat": {"tabby", "tiger cat", "Egyptian cat"}, "palace": {"palace", "monastery", "stupa"},
                          "coffee": {"espresso", "cup"}, "rocket": {"missile", "projectile"}}.items():  # fmt: skip
        scores = network.predict(params, photos[photo][None])[0]
        assert wanted & {class_names[i] for i in np.argsort(-scores)[:5]}, photo
