"""What does not fit is refused in a sentence that contains the arithmetic (FAULTS 42 to 47)."""

import numpy as np
import pytest

from cs231n_helpers import ops

ONE = np.ones


def conv(x, W, b=None, **settings):
    return lambda: ops.conv2d(ONE(x), ONE(W), ONE(W[-1] if b is None else b), **settings)


def pool(x, *given, op=ops.max_pool2d, **settings):
    return lambda: op(ONE(x), *given, **settings)


@pytest.mark.parametrize(("attempt", "error", "words"), [
    (conv((1, 10, 10, 1), (3, 3, 1, 1), stride=2), ValueError,
     r"^conv2d: \(H - F \+ 2P\)/S \+ 1 = \(10 - 3 \+ 0\)/2 \+ 1 = 4.5 is not whole; nearest that fit: H = 9 or 11, "
     r'S = 1\. PyTorch and Keras drop the rest without a word: write fit="floor" for that, fit="ceil" for one'),
    (conv((1, 7, 10, 1), (3, 3, 1, 1), stride=2), ValueError, r"^conv2d: \(W - F \+ 2P\)/S \+ 1 = \(10 - 3 \+ 0\)/2"),
    (conv((1, 8, 8, 1), (3, 3, 1, 1), stride=3), ValueError, r"\(8 - 3 \+ 0\)/3 \+ 1 = 2.667 .*6 or 9, P = 2, S = 1"),
    (conv((1, 8, 8, 1), (3, 3, 1, 1), stride=2, pad=((1, 1), (0, 0)), dilation=2), ValueError,
     r"\(8 - 5 \+ 2\)/2 \+ 1 = 3.5 is not whole, F counted as D \(F - 1\) \+ 1 = 2 \(3 - 1\) \+ 1 = 5"),
    (conv((1, 7, 8, 1), (3, 3, 1, 1), stride=2, pad=((0, 0), (2, 1)), dilation=(1, 2)), None, ""),
    (conv((1, 7, 8, 1), (3, 3, 1, 1), stride=2, pad=((0, 0), (2, 0))), ValueError, r"\(W - F \+ P1 \+ P2\)/S"),
    (conv((1, 4, 4, 1), (5, 5, 1, 1)), ValueError, r"window is larger than the padded x: F = 5 > H \+ 2P = 4 \+ 0 = 4"),
    (conv((1, 4, 4, 1), (3, 3, 1, 1), dilation=2), ValueError, r"F = D \(F - 1\) \+ 1 = 2 \(3 - 1\) \+ 1 = 5 > H"),
    (conv((1, 4, 4, 1), (3, 3, 1, 1), stride=0), ValueError, "^conv2d: stride must be at least 1, got 0"),
    (conv((1, 4, 4, 1), (3, 3, 1, 1), stride=1.5), TypeError, "^conv2d: stride must be a whole number, got 1.5"),
    (conv((1, 4, 4, 1), (3, 3, 1, 1), stride=(1, 2, 3)), ValueError, r"^conv2d: stride must be .* \(height, width\)"),
    (conv((1, 4, 4, 1), (3, 3, 1, 1), dilation=0), ValueError, "^conv2d: dilation must be at least 1"),
    (conv((1, 4, 4, 1), (3, 3, 1, 1), pad=-1), ValueError, "^conv2d: pad must be at least 0, got -1"),
    (conv((1, 4, 4, 1), (3, 3, 1, 1), pad=(1, 1)), ValueError, r"^conv2d: pad must be .*\(\(top, bottom\), \(left, "),
    (conv((1, 4, 4, 1), (2, 2, 1, 1), pad="same"), TypeError, r"got 'same'. .*even F no equal padding .*\(0, 1\)"),
    (conv((1, 4, 4, 1), (0, 3, 1, 1)), ValueError, r"^conv2d: W must be filters .*got \(0, 3, 1, 1\)"),
    (conv((1, 4, 4, 1), (3, 3, 1)), ValueError, r"^conv2d: W must be filters \(KH, KW, C, F\)"),
    (conv((1, 4, 4, 1), (3, 3, 1, 1), fit="same"), ValueError, "^conv2d: fit must be one of 'exact', 'floor', 'ceil'"),
    (conv((2, 5, 5, 4), (3, 3, 3, 2)), ValueError,
     r"^conv2d: x has 4 channels but the filters of W expect 3; shapes \(2, 5, 5, 4\) and \(3, 3, 3, 2\). W must be"),
    (conv((2, 3, 32, 32), (5, 5, 3, 8)), ValueError, r"expect 3; .* Did you mean x.transpose\(0, 2, 3, 1\)\?"),
    (conv((2, 32, 32, 3), (8, 3, 5, 5)), ValueError, r"expect 5; .* Did you mean W.transpose\(2, 3, 1, 0\)\?"),
    (conv((2, 5, 5, 4), (3, 3, 4, 6), groups=2), ValueError, r"4 channels / groups = 4 / 2 = 2 but .* expect 4"),
    (conv((2, 5, 5, 3), (3, 3, 1, 6), groups=2), ValueError, "groups = 2 must divide the 3 channels of x and the 6"),
    (conv((2, 5, 5, 4), (3, 3, 4, 6), b=(5,)), ValueError, r"^conv2d: b must have shape \(6,\).*got \(5,\)"),
    (conv((0, 5, 5, 4), (3, 3, 4, 6)), ValueError, r"^conv2d: x has shape \(0, 5, 5, 4\): no image"),
    (conv((2, 0, 5, 4), (3, 3, 4, 6)), ValueError, r"^conv2d: x has shape \(2, 0, 5, 4\): images without pixels"),
    (conv((5, 5, 4), (3, 3, 4, 6)), ValueError, r"^conv2d: x must be images \(N, H, W, C\).*Write x\[None\]"),
    (conv((2, 75), (3, 3, 3, 6)), ValueError, r"got shape \(2, 75\). Rows\? Write x.reshape\(-1, H, W, C\)"),
    (lambda: ops.conv2d([[[["a"]]]], ONE((1, 1, 1, 1)), [0]), TypeError, "^conv2d: x must hold real numbers"),
    (lambda: ops.depthwise_conv2d(ONE((1, 4, 4, 3)), ONE((3, 3, 2)), ONE(2)), ValueError, r"each of the 3 channels"),
    (lambda: ops.depthwise_conv2d(ONE((1, 4, 4, 3)), ONE((3, 3, 3)), ONE(2)), ValueError, r"b must have shape \(3,\)"),
    (pool((1, 5, 4, 1), 2), ValueError, r"^max_pool2d: \(H - F \+ 2P\)/S \+ 1 = \(5 - 2 \+ 0\)/2 \+ 1 = 2.5"),
    (pool((1, 5, 4, 1), 2, op=ops.avg_pool2d), ValueError, r"^avg_pool2d: \(H - F"),
    (pool((1, 4, 4, 1), 2, pad=2), ValueError, "^max_pool2d: pad = 2 must be smaller than the window, 2: a window"),
    (pool((1, 4, 4, 1), 0), ValueError, "^max_pool2d: size must be at least 1"),
    (pool((1, 2, 2, 1), 3), ValueError, r"^max_pool2d: the window is larger .* F = 3 > H \+ 2P = 2"),
    (pool((0, 4, 4, 1), 2), ValueError, r"^max_pool2d: x has shape \(0, 4, 4, 1\): no image"),
    (pool((0, 4, 4, 1), op=ops.global_avg_pool), ValueError, "^global_avg_pool: x has shape .*: no image"),
    (lambda: ops.local_response_norm(ONE((1, 2, 2, 3)), size=4), ValueError, "^local_response_norm: size must be odd"),
    (lambda: ops.local_response_norm(ONE((1, 2, 2, 3)), k=0), ValueError, "^local_response_norm: k must be greater"),
    (lambda: ops.local_response_norm(ONE((2, 3))), ValueError, "^local_response_norm: x must be images"),
    (lambda: ops.im2col(ONE((1, 5, 5, 1)), 2, stride=2), ValueError, r"^im2col: \(H - F"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_arithmetic(attempt, error, words):
    if error is None:
        attempt()
        return
    with pytest.raises(error, match=words):
        attempt()


@pytest.mark.parametrize("W", range(3, 14))
@pytest.mark.parametrize("S", [2, 3, 4])
def test_what_is_proposed_fits(W, S):
    """Every size, padding and stride that the message names comes out whole."""
    size = ops.spatial.out_size
    try:
        size("conv", "W", W, 3, S)
    except ValueError as error:
        words = str(error).split("nearest that fit: ")[1].split(". PyTorch")[0]
        for proposal in words.split(", "):
            name, values = proposal.split(" = ")
            for value in map(int, values.split(" or ")):
                try:
                    size("conv", "W", *{"W": (value, 3, S), "P": (W, 3, S, (value,) * 2), "S": (W, 3, value)}[name])
                except ValueError as nested:
                    assert "larger than" in str(nested) and name == "W", (proposal, nested)
