"""Hierarchical softmax: a class has the probability of the decisions on its path, and a broken tree is refused."""

import math

import numpy as np
import pytest
from scipy.special import expit

from cs231n_helpers import losses

TREE = losses.Tree(("L", "RRL", "RL", "RRR"))  # four classes, not in the order of the leaves


def frozen(*arrays):
    for array in arrays:
        array.setflags(write=False)
    return arrays


def walked(scores, tree):
    """Probabilities of the classes of one row of scores, walking every path."""
    p = []
    for path in tree.paths:
        one = 1.0
        for i, way in enumerate(path):
            right = expit(scores[tree.nodes.index(path[:i])])
            one *= right if way == "R" else 1 - right
        p.append(one)
    return p


TREES = [TREE, losses.Tree(("R", "L")), *(losses.Tree.balanced(classes) for classes in (2, 3, 7, 8, 100))]


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: str(len(tree.paths)))
def test_a_class_has_the_probability_of_the_decisions_on_its_path(tree, rng):
    classes = len(tree.paths)
    scores, y = frozen(2 * rng.standard_normal((6, classes - 1)), rng.integers(0, classes, 6))
    p = losses.tree_probabilities(scores, tree)
    np.testing.assert_allclose(p, [walked(row, tree) for row in scores], rtol=1e-10)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    expected = -np.log(p[np.arange(6), y]).mean()
    assert losses.hierarchical_softmax(scores, y, tree)[0] == pytest.approx(expected, rel=1e-10)


def test_a_tree_by_hand():
    assert TREE.nodes == ("", "R", "RR") and losses.Tree.balanced(5).nodes == ("", "L", "R", "LL")  # from the root down
    np.testing.assert_array_equal(TREE.steps, [[0, -1, -1], [0, 1, 2], [0, 1, -1], [0, 1, 2]])
    np.testing.assert_array_equal(TREE.turns, [[-1, 0, 0], [1, 1, -1], [1, -1, 0], [1, 1, 1]])
    quarter = np.log([[3.0, 1, 1]])                                         # right with probability 3/4, then 1/2, 1/2
    np.testing.assert_allclose(losses.tree_probabilities(quarter, TREE), [[1 / 4, 3 / 16, 3 / 8, 3 / 16]])
    loss, back = losses.hierarchical_softmax(quarter, [2], TREE)
    assert loss == pytest.approx(-math.log(3 / 8))
    np.testing.assert_allclose(back()[0], [[-1 / 4, 1 / 2, 0]])             # only the nodes on the way are touched


def test_a_balanced_tree_starts_at_chance_and_is_log2_deep():
    for classes in (2, 8, 1024):
        tree = losses.Tree.balanced(classes)
        assert len(tree.nodes) == classes - 1 and {len(path) for path in tree.paths} == {round(math.log2(classes))}
        loss, _ = losses.hierarchical_softmax(np.zeros((3, classes - 1)), [0, 1, classes - 1], tree)
        assert loss == pytest.approx(math.log(classes))
    assert losses.Tree.balanced(3).paths == ("LL", "LR", "R")
    assert {len(path) for path in losses.Tree.balanced(1000).paths} == {9, 10}
    assert losses.Tree.balanced(4) == losses.Tree(["LL", "LR", "RL", "RR"])


def test_two_classes_are_softmax_with_one_score_left_at_zero(rng):
    scores, y = rng.standard_normal((9, 1)), rng.integers(0, 2, 9)
    both = np.concatenate([np.zeros((9, 1)), scores], axis=1)
    (tree_loss, back), (loss, both_back) = (losses.hierarchical_softmax(scores, y, losses.Tree.balanced(2)),
                                            losses.softmax(both, y))
    assert tree_loss == pytest.approx(loss)
    np.testing.assert_allclose(back()[0], both_back()[0][:, 1:])


@pytest.mark.parametrize(("paths", "words"), [
    ((), "two or more"), (("L",), "two or more"), (("L", ""), "L and R"), (("0", "1"), "L and R"), ((0, 1), "L and R"),
    (("L", "L", "R"), "class 0 ends where another"), (("L", "R", "RL"), "'R' of class 1"), (("LL", "R"), "'LR'"),
    (("LL", "LR"), "no class lies at 'R'"),
])  # fmt: skip
def test_a_broken_tree_is_refused_in_words(paths, words):
    with pytest.raises(ValueError, match=rf"(?s)Tree: .*{words}"):
        losses.Tree(paths)


def test_scores_that_do_not_fit_the_tree_are_refused_in_words():
    for loss in (lambda s: losses.hierarchical_softmax(s, [0, 1], TREE), lambda s: losses.tree_probabilities(s, TREE)):
        with pytest.raises(ValueError, match=r"must have 3 columns.*4 classes, got shape \(2, 4\)"):
            loss(np.zeros((2, 4)))
    with pytest.raises(TypeError, match=r"Tree\.balanced\(classes\)"):
        losses.hierarchical_softmax(np.zeros((2, 3)), [0, 1], ("L", "R"))
    with pytest.raises(ValueError, match=r"y\[1\] = 4, need 0 <= y < 4"):
        losses.hierarchical_softmax(np.zeros((2, 3)), [0, 4], TREE)
    with pytest.raises(ValueError, match="at least 2"):
        losses.Tree.balanced(1)
