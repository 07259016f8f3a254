"""Nearest neighbours: the distance between two images is a sum over their pixels; the nearest ones vote.

    distances = l2_distances(X_test, X_train)           # (M, N)
    y_guess = knn_predict(distances, y_train, k=5)      # (M,)

Neighbours are sorted by (distance, training index), tied votes go to the smallest label: the same answer everywhere.
"""

from cs231n_helpers.neighbors.distances import l1_distances, l2_distances
from cs231n_helpers.neighbors.search import nearest, sorted_neighbors
from cs231n_helpers.neighbors.vote import cross_validate, knn_predict, votes

__all__ = ["l1_distances", "l2_distances", "nearest", "sorted_neighbors", "knn_predict", "votes", "cross_validate"]
