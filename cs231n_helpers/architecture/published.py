"""The networks of the course's case studies, as descriptions. None of their arrays exists before `init`.

| name      | input       | parameters  | what is counted                                                             |
|-----------|-------------|-------------|-----------------------------------------------------------------------------|
| LENET     | 32x32x1     | 61,706      | this variant (see there); the paper's own has 60,000                        |
| ALEXNET   | 227x227x3   | 60,965,224  | with its two groups; "60 million" in the paper                              |
| ZFNET     | 224x224x3   | 62,357,608  | by the sizes of its figure 3; the paper states no number                    |
| GOOGLENET | 224x224x3   | 6,998,552   | without the two auxiliary classifiers, which are for training only          |
| VGG16     | 224x224x3   | 138,357,544 | "138 million" in the paper; 138,344,128 weights and 13,416 biases           |
| RESNET50  | 224x224x3   | 25,557,032  | gamma and beta of batch norm counted, its statistics not                    |

Sources: LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document recognition (figure 2);
Krizhevsky, Sutskever and Hinton 2012, ImageNet classification with deep convolutional neural networks;
Zeiler and Fergus 2014, Visualizing and understanding convolutional networks (figure 3);
Szegedy and others 2015, Going deeper with convolutions (table 1);
Simonyan and Zisserman 2015, Very deep convolutional networks for large-scale image recognition (table 1, column D);
He, Zhang, Ren and Sun 2016, Deep residual learning for image recognition (table 1).
"""

from typing import NamedTuple

from cs231n_helpers.layers import (
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    GlobalAvgPool,
    LocalResponseNorm,
    MaxPool,
    Parallel,
    ReLU,
    Residual,
    Tanh,
)
from cs231n_helpers.network import Network

THREE = MaxPool(3, stride=2)                                        # the overlapping pool of 2012


def _conv(*settings, **more):
    return Conv(*settings, **more), ReLU()


def _head(*units):
    """Fully connected layers with dropout, and one score for each of ImageNet's 1000 classes."""
    return *(layer for n in units for layer in (Dense(n), ReLU(), Dropout(0.5))), Dense(1000)


LENET = Network([Conv(6, 5), Tanh(), AvgPool(2), Conv(16, 5), Tanh(), AvgPool(2), Conv(120, 5), Tanh(), Dense(84),
                 Tanh(), Dense(10)], (32, 32, 1))
"""LeNet-5 as it is mostly built today: C1 to F6 with the paper's sizes, for 28x28 pictures in a frame of 32x32.

By hand: (25 * 1 + 1) * 6 + (25 * 6 + 1) * 16 + (25 * 16 + 1) * 120 + (120 + 1) * 84 + (84 + 1) * 10
= 156 + 2,416 + 48,120 + 10,164 + 850 = 61,706. The paper's own has 60,000: its pools have a factor and an offset for
each map (12 + 32), each filter of C3 sees some of the 6 maps only (1,516), and its last layer measures distances to
fixed pictures of digits (0 that are learned): 156 + 12 + 1,516 + 32 + 48,120 + 10,164. Its tanh is 1.7159 tanh(2x/3).
"""

ALEXNET = Network([*_conv(96, 11, stride=4), LocalResponseNorm(), THREE,
                   *_conv(256, 5, pad=2, groups=2), LocalResponseNorm(), THREE,
                   *_conv(384, 3, pad=1), *_conv(384, 3, pad=1, groups=2), *_conv(256, 3, pad=1, groups=2), THREE,
                   *_head(4096, 4096)], (227, 227, 3))
"""The two halves that ran on two graphics cards are two groups. The paper says 224x224, but (224 - 11)/4 is not whole:
with 227 its 55x55 comes out, as the notes remark."""

ZFNET = Network([*_conv(96, 7, stride=2, pad=((0, 1), (0, 1))), MaxPool(3, stride=2, fit="ceil"), LocalResponseNorm(),
                 *_conv(256, 5, stride=2), MaxPool(3, stride=2, fit="ceil"), LocalResponseNorm(),
                 *_conv(384, 3, pad=1), *_conv(384, 3, pad=1), *_conv(256, 3, pad=1), THREE, *_head(4096, 4096)],
                (224, 224, 3))
"""AlexNet with smaller first filters and no groups. The padding is what gives figure 3's sizes: 110, 55, 26, 13, 6."""


def _inception(one, three_reduce, three, five_reduce, five, pool):
    """Filters of size 1, 3 and 5 and a pool side by side; 1x1 convolutions keep the channels few."""
    return Parallel([_conv(one, 1), (*_conv(three_reduce, 1), *_conv(three, 3, pad=1)),
                     (*_conv(five_reduce, 1), *_conv(five, 5, pad=2)), (MaxPool(3, stride=1, pad=1), *_conv(pool, 1))])


SHRINK = MaxPool(3, stride=2, fit="ceil")                           # 112 -> 56 -> 28 -> 14 -> 7
GOOGLENET = Network([*_conv(64, 7, stride=2, pad=3, fit="floor"), SHRINK, LocalResponseNorm(),
                     *_conv(64, 1), *_conv(192, 3, pad=1), LocalResponseNorm(), SHRINK,
                     _inception(64, 96, 128, 16, 32, 32), _inception(128, 128, 192, 32, 96, 64), SHRINK,
                     _inception(192, 96, 208, 16, 48, 64), _inception(160, 112, 224, 24, 64, 64),
                     _inception(128, 128, 256, 24, 64, 64), _inception(112, 144, 288, 32, 64, 64),
                     _inception(256, 160, 320, 32, 128, 128), SHRINK,
                     _inception(256, 160, 320, 32, 128, 128), _inception(384, 192, 384, 48, 128, 128),
                     GlobalAvgPool(), Dropout(0.6), Dense(1000)], (224, 224, 3))
"""Nine inception modules. The parameters of table 1 add up to 6.8 million: they leave out the offsets and, in the first
line, most of 7 * 7 * 3 * 64 = 9,408 weights. Dropout: the paper drops 40 %."""


def _blocks(*plan):
    """Convolutions of size 3 with so many filters each, and a pool."""
    return *(layer for filters in plan for layer in _conv(filters, 3, pad=1)), MaxPool(2)


VGG16 = Network([*_blocks(64, 64), *_blocks(128, 128), *_blocks(256, 256, 256), *_blocks(512, 512, 512),
                 *_blocks(512, 512, 512), *_head(4096, 4096)], (224, 224, 3))


def _normal(*settings, **more):
    return Conv(*settings, **more, bias=False), BatchNorm()        # beta does what the offset would


def _stage(count, filters, stride):
    """`count` blocks 1x1, 3x3, 1x1 whose result is added to their input; the first one changes size and channels."""
    for number in range(count):
        step = {"stride": stride, "fit": "floor"} if number == 0 else {}
        body = [*_normal(filters, 1, **step), ReLU(), *_normal(filters, 3, pad=1), ReLU(), *_normal(4 * filters, 1)]
        yield from (Residual(body, _normal(4 * filters, 1, **step) if number == 0 else ()), ReLU())


RESNET50 = Network([*_normal(64, 7, stride=2, pad=3, fit="floor"), ReLU(), MaxPool(3, stride=2, pad=1, fit="floor"),
                    *_stage(3, 64, 1), *_stage(4, 128, 2), *_stage(6, 256, 2), *_stage(3, 512, 2),
                    GlobalAvgPool(), Dense(1000)], (224, 224, 3))
"""The stride is in the first 1x1 convolution of a stage, as in the paper; many programs of today put it in the 3x3."""


class Case(NamedTuple):
    """A network of the case studies: the year it was shown, and its description."""

    year: int
    network: Network


CASES = {"LeNet-5": Case(1998, LENET), "AlexNet": Case(2012, ALEXNET), "ZF Net": Case(2013, ZFNET),
         "GoogLeNet": Case(2014, GOOGLENET), "VGG-16": Case(2014, VGG16), "ResNet-50": Case(2015, RESNET50)}
