"""Softmax over many classes, cut into decisions: a tree with the classes as its leaves.

    tree = Tree.balanced(1000)                                      # 999 decisions, 10 on the way to each class
    loss, back = hierarchical_softmax(X @ W + b, y, tree)           # W (D, 999)

Each inner node has one score; its sigmoid is the probability of going right. A class has the probability that all
decisions on its path fall its way, and a step of learning touches only the nodes on the path of the true class: log2 C
of them, where softmax needs all C. Which classes share a branch matters: put those together that look alike.
Source: CS231n notes, Neural networks part 2, "Problem: Large number of classes".
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.losses.scores import _exp, _log_sigmoid


@dataclass(frozen=True)
class Tree:
    """A way from the root to every class: paths[c] is a word of L (left) and R (right), as ("L", "RL", "RR").

    Every fork must go on both ways, and every path end in one class. A node is named by the way to it: "" is the root.
    """

    paths: tuple

    def __post_init__(self):
        object.__setattr__(self, "paths", tuple(self.paths))
        _refuse_broken(self.paths)

    @classmethod
    def balanced(cls, classes):
        """The flattest tree: classes 0 ... classes - 1 from left to right, halved again and again."""
        classes = checks.whole("Tree.balanced", "classes", classes, low=2)
        return cls(tuple(_halved(classes)))

    @cached_property
    def nodes(self):
        """The inner nodes, from the root down, C - 1 of them; the scores have one column for each, in this order."""
        forks = {path[:i] for path in self.paths for i in range(len(path))}
        return tuple(sorted(forks, key=lambda node: (len(node), node)))

    @cached_property
    def steps(self):
        """(C, depth) whole numbers: the place in `nodes` of the node that decides each step of a path; -1 after it."""
        place = {node: i for i, node in enumerate(self.nodes)}
        return self._table(lambda path, i: place[path[:i]], empty=-1)

    @cached_property
    def turns(self):
        """(C, depth) whole numbers: +1 where the path goes right, -1 where it goes left, 0 after its end."""
        return self._table(lambda path, i: 1 if path[i] == "R" else -1, empty=0)

    def _table(self, entry, empty):
        table = np.full((len(self.paths), max(map(len, self.paths))), empty)
        for c, path in enumerate(self.paths):
            table[c, :len(path)] = [entry(path, i) for i in range(len(path))]
        table.setflags(write=False)
        return table


def hierarchical_softmax(scores, y, tree):
    """Cross-entropy of a tree of decisions: mean over i of -log p_{y_i}, the sum over the path of log(1 + exp(-t s)).

    scores (N, C - 1), one for each inner node in the order of `tree.nodes`; y (N,) classes; tree: a Tree.
    t is +1 where the path of y_i goes right and -1 where left. Only nodes on that path are read, and only they get a
    gradient. back(d=1.0) -> (dscores,), (N, C - 1).
    With all scores near zero the loss is close to the mean length of the paths times log 2: log C if it is balanced.
    """
    scores, y = _scores_and_classes("hierarchical_softmax", scores, y, tree)
    example, step = np.nonzero(tree.turns[y])                       # each (P,): all decisions on all the paths
    node, turn = tree.steps[y[example], step], tree.turns[y[example], step].astype(scores.dtype)
    log_p, slope = _log_sigmoid(turn * scores[example, node])       # each (P,)

    def back(d=1.0):
        dscores = np.zeros_like(scores)
        dscores[example, node] = -turn * slope * scores.dtype.type(d / len(y))      # a path meets a node once
        return (dscores,)

    return float(-log_p.sum(dtype=np.float64) / len(y)), back


def tree_probabilities(scores, tree):
    """Probability of each class, (N, C), rows sum to 1: the product of the decisions along its path.

    scores (N, C - 1), one for each inner node of the Tree. This one does look at every node.
    """
    scores = _node_scores("tree_probabilities", scores, tree)
    log_right, log_left = _log_sigmoid(scores)[0], _log_sigmoid(-scores)[0]         # each (N, nodes)
    log_p = np.zeros((len(scores), len(tree.paths)), scores.dtype)
    for node, turn in zip(tree.steps.T, tree.turns.T):                              # each (C,): few steps, many classes
        log_p += np.where(turn > 0, log_right[:, node], np.where(turn < 0, log_left[:, node], 0))
    return _exp(log_p)


def _halved(classes):
    """The paths of a balanced tree, from left to right; the left half is the larger."""
    if classes == 1:
        return [""]
    half = (classes + 1) // 2
    return ["L" + path for path in _halved(half)] + ["R" + path for path in _halved(classes - half)]


def _refuse_broken(paths):
    """Refuse paths that are not exactly the leaves of one tree: then the probabilities would not sum to 1."""
    if len(paths) < 2 or not all(isinstance(path, str) and path and not path.strip("LR") for path in paths):
        raise ValueError(f"Tree: paths must be two or more words of L and R, one for each class, got {paths!r}. "
                         'Three classes: ("L", "RL", "RR").')
    leaves, forks = set(paths), {path[:i] for path in paths for i in range(len(path))}
    twice = [path for path, count in Counter(paths).items() if count > 1 or path in forks]
    if twice:
        raise ValueError(f"Tree: the path {twice[0]!r} of class {paths.index(twice[0])} ends where another ends or "
                         "goes on. Every class needs a leaf of its own.")
    empty = {fork + way for fork in forks for way in "LR"} - forks - leaves
    if empty:
        raise ValueError(f"Tree: no class lies at {min(empty)!r} or below it, so that its probability would be lost. "
                         "Every fork must go on both ways.")


def _node_scores(where, scores, tree):
    if not isinstance(tree, Tree):
        raise TypeError(f"{where}: tree must be a Tree, got {tree!r}. Write Tree.balanced(classes).")
    scores = checks.matrix(where, "scores", scores)
    if scores.shape[1] != len(tree.nodes):
        raise ValueError(f"{where}: scores must have {len(tree.nodes)} columns, one for each inner node of a tree of "
                         f"{len(tree.paths)} classes, got shape {scores.shape}. One fewer than there are classes.")
    return scores


def _scores_and_classes(where, scores, y, tree):
    scores = _node_scores(where, scores, tree)
    return scores, checks.labels(where, "y", y, count=len(scores), classes=len(tree.paths))
