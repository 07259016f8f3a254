"""kNN against scikit-learn's brute force (L2) and SciPy's cdist (L1), and the memory of a large search.

    python benchmarks/knn.py            # about two minutes
    python benchmarks/knn.py --quick    # fewer queries, some seconds: to see that it runs; the aims are for full size
"""

import os
import sys

import compare
import numpy as np

QUICK = "KNN_QUICK"                     # set for the child processes, which read the sizes below
FEW = bool(os.environ.get(QUICK)) or "--quick" in sys.argv[1:]
TESTS, LARGE = (60, (2000, 10_000)) if FEW else (500, (10_000, 50_000))
TRAINS, PIXELS, K = 5000, 3072, 5       # fewer training rows would fit into the cache and flatter the rivals


def _images(count, seed):
    """Random pictures of 3,072 numbers, float32 in [0, 1)."""
    return np.random.default_rng(seed).random((count, PIXELS), dtype=np.float32)


def _labels():
    return np.random.default_rng(2).integers(0, 10, TRAINS)


def l2_ours():
    """Distances and vote with the package."""
    from cs231n_helpers.neighbors import knn_predict, l2_distances
    Q, X, y = _images(TESTS, 0), _images(TRAINS, 1), _labels()
    return lambda: knn_predict(l2_distances(Q, X), y, K)


def l2_rival():
    """predict of KNeighborsClassifier(algorithm="brute"); fitting is not timed."""
    from sklearn.neighbors import KNeighborsClassifier
    model = KNeighborsClassifier(K, algorithm="brute").fit(_images(TRAINS, 1), _labels())
    Q = _images(TESTS, 0)
    return lambda: model.predict(Q)


def l1_ours():
    """The L1 distances with the package."""
    from cs231n_helpers.neighbors import l1_distances
    Q, X = _images(TESTS, 0), _images(TRAINS, 1)
    return lambda: l1_distances(Q, X)


def l1_rival():
    """SciPy's cdist, city block."""
    from scipy.spatial.distance import cdist
    Q, X = _images(TESTS, 0), _images(TRAINS, 1)
    return lambda: cdist(Q, X, "cityblock")


def large_search():
    """nearest on the size of CIFAR-10: 614 MB of training images and 123 MB of queries."""
    from cs231n_helpers.neighbors import nearest
    Q, X = _images(LARGE[0], 0), _images(LARGE[1], 1)
    return lambda: nearest(Q, X, K)


def main():
    """Measure all rows and print them."""
    env = {QUICK: "1"} if FEW else {}
    size = f"{TESTS} x {TRAINS:,} x {PIXELS:,}"
    inputs = 4e-6 * PIXELS * sum(LARGE)                     # megabytes
    compare.print_table([
        compare.compare(__file__, "l2_ours", "l2_rival", f"L2 distances + vote, {size}, scikit-learn", 0.6, turns=15,
                        env=env),
        compare.compare(__file__, "l1_ours", "l1_rival", f"L1 distances, {size}, SciPy cdist", 0.6, turns=5, env=env),
        compare.peak_memory(__file__, "large_search", f"nearest, {LARGE[0]:,} x {LARGE[1]:,} x {PIXELS:,}, peak",
                            inputs + 263, env=env),         # 1,000 MB at full size
    ])


if __name__ == "__main__":
    main()
