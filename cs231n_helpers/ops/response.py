"""Local response normalisation: what AlexNet had where batch normalisation stands today. It is another thing."""

from cs231n_helpers import checks

from .spatial import images


def local_response_norm(x, size=5, alpha=1e-4, beta=0.75, k=2):
    """y_c = x_c / s_c^beta with s_c = k + alpha / size * (sum of x^2 over the `size` channels around c).

    x (N, H, W, C), y the shape of x. At the ends there are fewer channels; `size` is odd, so that c is in the middle.
    A loud channel quietens its neighbours at the same place; no batch, no mean. The paper writes alpha without the
    division by size; PyTorch and Caffe divide, and so does this.
    dx_c = dy_c / s_c^beta - 2 alpha beta / size * x_c * (sum of dy x / s^(beta + 1) over the same channels).
    Source: Krizhevsky, Sutskever and Hinton 2012; CS231n notes, Convolutional networks.
    """
    where = "local_response_norm"
    x, size = images(where, x), checks.whole(where, "size", size, low=1)
    if size % 2 == 0:
        raise ValueError(f"{where}: size must be odd, as many channels before as after, got {size}.")
    alpha, beta = checks.real(where, "alpha", alpha, low=0), checks.real(where, "beta", beta, low=0)
    k, each = checks.real(where, "k", k, above=0), x.dtype.type(alpha / size)
    s = x.dtype.type(k) + each * _around(x * x, size)
    shrink = s ** x.dtype.type(-beta)

    def back(dy):
        given = dy * shrink
        return (given - x * (2 * x.dtype.type(beta) * each) * _around(given * x / s, size),)

    return x * shrink, back


def _around(a, size):
    """For each channel the sum over the `size` channels around it."""
    total, C = a.copy(), a.shape[-1]
    for shift in range(1, min(size // 2 + 1, C)):
        total[..., shift:] += a[..., :-shift]
        total[..., :-shift] += a[..., shift:]
    return total
