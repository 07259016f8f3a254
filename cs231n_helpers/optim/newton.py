"""Newton's method: jump to where the slope would be 0 if the curvature stayed as it is here."""

import numpy as np

from cs231n_helpers import checks


def newton_step(w, dw, H):
    """w - d with H d = dw, and a verdict in words: "" if H is positive definite, else a warning.

    w and dw are (D,), H (D, D) is the matrix of second derivatives, symmetric. On a quadratic the new w is where the
    gradient is 0: its minimum if all curvatures are positive. If one is negative, that place is a saddle or a maximum,
    and the step goes there all the same, uphill along the direction that the verdict names.
    Cholesky's decomposition exists exactly if H is positive definite, so it is the test. There is no learning rate.
    Source: CS231n notes, Neural networks part 3, Second order methods.
    """
    w, dw, H = _checked(w, dw, H)
    try:
        L = np.linalg.cholesky(H)                           # H = L L^T
    except np.linalg.LinAlgError:
        return _indefinite(w, dw, H)
    return w - np.linalg.solve(L.T, np.linalg.solve(L, dw)), ""


def _indefinite(w, dw, H):
    """The step along each direction of curvature by itself: division by a negative curvature turns it uphill."""
    curvatures, directions = np.linalg.eigh(H)              # lowest first, directions in columns
    flat = np.abs(curvatures).min() <= len(w) * np.finfo(H.dtype).eps * np.abs(curvatures).max()
    if flat:
        raise ValueError("newton_step: H has a curvature of 0, so there is no step: along that direction the slope "
                         "never becomes 0. Add a little to the diagonal of H, or take a gradient step.")
    step = directions @ ((directions.T @ dw) / curvatures)
    return w - step, _verdict(curvatures, directions[:, 0])


def _verdict(curvatures, direction):
    count, words = int((curvatures < 0).sum()), _words(direction)
    goal = "a maximum" if count == len(curvatures) else "a saddle"
    return (f"H is not positive definite: {count} of {len(curvatures)} curvatures are negative, the lowest is "
            f"{curvatures[0]:.3g} along {words}. The step heads for {goal}, not for a minimum.")


def _words(direction):
    """A direction as text, its largest part positive (a direction and its opposite are the same)."""
    direction = direction * np.sign(direction[np.abs(direction).argmax()])
    more = ", ..." if len(direction) > 4 else ""
    return "(" + ", ".join(f"{part + 0.0:.2f}".replace("-0.00", "0.00") for part in direction[:4]) + more + ")"


def _checked(w, dw, H):
    w, dw = (checks.floats("newton_step", name, a, ndim=1) for name, a in (("w", w), ("dw", dw)))
    H = checks.floats("newton_step", "H", H, ndim=2)
    if dw.shape != w.shape or H.shape != (len(w), len(w)):
        raise ValueError(f"newton_step: for w of shape {w.shape}, dw must have the same shape and H {w.shape * 2}, got "
                         f"{dw.shape} and {H.shape}. H has a row and a column for each weight.")
    if not np.allclose(H, H.T, rtol=1e-5, atol=1e-8 * max(1.0, float(np.abs(H).max()))):
        raise ValueError("newton_step: H must be symmetric: the order of two derivatives does not matter. Check how H "
                         "was made; (H + H.T) / 2 mends rounding only.")
    return w, dw, H


def hessian_bytes(weights, dtype=np.float32):
    """Bytes of the Hessian of so many weights, a number for every pair. A million in float32: 4e12, four terabytes."""
    return checks.whole("hessian_bytes", "weights", weights, low=0) ** 2 * np.dtype(dtype).itemsize
