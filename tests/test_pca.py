"""PCA and whitening against scikit-learn, the singular value decomposition, and the mistakes of the textbooks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA as SklearnPCA

from cs231n_helpers import data
from cs231n_helpers.preprocessing import PCA, Whiten

SHAPES = [(50, 5), (5, 50), (9, 9), (1500, 7), (40, 4, 3, 2), (6, 4, 3, 2)]


def cloud(shape, dtype=np.float64, seed=0, offset=3.0):
    """A Gaussian cloud of another width in each direction, turned, off the origin; read-only."""
    rng = np.random.default_rng(seed)
    d = int(np.prod(shape[1:]))
    turn, _ = np.linalg.qr(rng.standard_normal((d, d)))
    X = (rng.standard_normal((shape[0], d)) * np.geomspace(3, 0.1, d) @ turn + offset).reshape(shape).astype(dtype)
    X.setflags(write=False)
    return X


def flat(X):
    return np.asarray(X, float).reshape(len(X), -1)


@pytest.mark.parametrize("components", [None, 1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_pca_equals_scikit_learn(shape, components):
    X, new = cloud(shape), cloud((4, *shape[1:]), seed=1)
    ours, theirs = PCA.fit(X, components), SklearnPCA(components, svd_solver="full").fit(flat(X))
    n, rank = shape[0], min(shape[0] - 1, len(ours.components))                         # N points span N - 1 directions
    assert ours.components.shape == theirs.components_.shape
    assert_allclose(ours.variances, theirs.explained_variance_ * (n - 1) / n, atol=1e-12)       # ours divide by N
    signs = np.sign((ours.components * theirs.components_).sum(axis=1))[:, None]
    assert_allclose(ours.components[:rank], (signs * theirs.components_)[:rank], atol=1e-8)
    assert_allclose(ours(new)[:, :rank], (signs.T * theirs.transform(flat(new)))[:, :rank], atol=1e-8)
    assert_allclose((ours.variances / ours.total)[:rank], theirs.explained_variance_ratio_[:rank], rtol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
def test_directions_are_orthonormal_and_their_sign_is_settled(shape):
    components = PCA.fit(cloud(shape)).components
    assert_allclose(components @ components.T, np.eye(len(components)), atol=1e-12)
    assert (components[np.arange(len(components)), np.abs(components).argmax(axis=1)] > 0).all()
    mirrored = PCA.fit(-cloud(shape)).components                                        # the same axes, the same signs
    rank = min(shape[0] - 1, len(components))
    assert_allclose(components[:rank], mirrored[:rank], atol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
def test_turned_training_data_is_uncorrelated_and_largest_first(shape):
    X = cloud(shape)
    pca = PCA.fit(X)
    Z = pca(X)
    assert_allclose(np.cov(Z.T, bias=True), np.diag(pca.variances), atol=1e-12)
    assert (np.diff(pca.variances) <= 0).all() and pca.total == pytest.approx(flat(X).var(axis=0).sum())


def test_pca_by_hand():
    pca = PCA.fit([[2, 0], [0, 2], [4, 2], [2, 4], [1, 1], [3, 3]])         # the diagonal, and across it
    assert_array_equal(pca.mean, [2, 2])
    assert_allclose(np.abs(pca.components), np.full((2, 2), np.sqrt(0.5)))
    assert_allclose(pca.variances, [(4 * 2 + 2 * 2) / 6, 8 / 6])
    assert pca.total == pytest.approx(20 / 6)


@pytest.mark.parametrize("shape", SHAPES)
def test_inverse_brings_the_training_data_back(shape):
    X = cloud(shape)
    pca = PCA.fit(X)
    assert_allclose(pca.inverse(pca(X)), X, atol=1e-12)
    assert pca.inverse(pca(X)).shape == shape


def test_fewer_components_give_the_best_approximation():
    X = data.load(train=300).X_train / 255
    pca, centred = PCA.fit(X), flat(X) - flat(X).mean(axis=0)
    spread = np.linalg.svd(centred, compute_uv=False)
    Z, errors = pca(X), []
    for k in (1, 10, 100):
        errors.append(np.square(pca.inverse(Z[:, :k]) - X).sum())
        assert errors[-1] == pytest.approx(np.square(spread[k:]).sum())     # Eckart and Young
        assert_allclose(PCA.fit(X, k)(X), Z[:, :k], atol=1e-8)              # the first k of all
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("kind", [PCA, Whiten])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.uint8, 1e-3), (np.float32, 1e-3), (np.float64, 1e-9)])
def test_dtype_is_carried(kind, dtype, tolerance):
    X = data.load(train=1100).X_train.astype(dtype)                         # more than one block of rows
    result, exact = kind.fit(X, 5)(X[:20]), kind.fit(X.astype(float), 5)(X[:20].astype(float))
    assert result.dtype == (np.float64 if dtype is np.float64 else np.float32) and result.shape == (20, 5)
    assert_allclose(result, exact, rtol=tolerance, atol=tolerance * np.abs(exact).max())


# ------------------------------------------------------------------------------------------------------------ whitening
@pytest.mark.parametrize("shape", SHAPES)
def test_a_whitened_cloud_is_round(shape):
    X = cloud(shape)
    rank = min(shape[0] - 1, int(np.prod(shape[1:])))
    whiten = Whiten.fit(X, eps=0)
    assert_allclose(np.cov(whiten(X).T, bias=True)[:rank, :rank], np.eye(rank), atol=1e-8)
    assert_allclose(whiten(X)[:, rank:], 0, atol=1e-10)                     # what does not vary stays at 0


def test_whitening_equals_scikit_learn_and_new_data_use_the_numbers_of_the_training_set():
    X, new = cloud((60, 6)), cloud((8, 6), seed=3, offset=5)
    ours, theirs = Whiten.fit(X, 4, eps=0), SklearnPCA(4, whiten=True).fit(X)
    assert_allclose(np.abs(ours(new)), np.abs(theirs.transform(new)) * np.sqrt(60 / 59), rtol=1e-8)


@pytest.mark.parametrize("eps", [0, 1e-5, 0.1, 10])
def test_eps_stands_under_the_root(eps):
    X = cloud((200, 4))
    pca, whiten = PCA.fit(X), Whiten.fit(X, eps=eps)
    assert_allclose(whiten(X), pca(X) / np.sqrt(pca.variances + eps), rtol=1e-12)
    assert_allclose(whiten(X).var(axis=0), pca.variances / (pca.variances + eps), rtol=1e-10)


def test_dividing_by_the_eigenvalues_themselves_does_not_whiten():
    """The singular values of a covariance ARE its eigenvalues; divided by S, the variances become 1 / S."""
    X = cloud((500, 3))
    covariance = np.cov(X.T, bias=True)
    eigenvalues = np.linalg.eigvalsh(covariance)[::-1]
    assert_allclose(np.linalg.svd(covariance, compute_uv=False), eigenvalues)
    pca = PCA.fit(X)
    wrong = pca(X) / eigenvalues
    assert_allclose(wrong.var(axis=0), 1 / eigenvalues)
    assert np.abs(wrong.var(axis=0) - 1).min() > 0.5
    assert_allclose(Whiten.fit(X, eps=0)(X).var(axis=0), 1)


def test_only_the_statistics_of_the_training_set_count():
    X, new = cloud((100, 5)), cloud((30, 5), seed=9, offset=-4)
    for kind in (PCA, Whiten):
        fitted = kind.fit(X)
        assert_allclose(fitted(new[:1]), fitted(new)[:1])                   # an example does not depend on the others
        assert np.abs(fitted(new).mean(axis=0)).max() > 1                   # and is not centred by them


# ------------------------------------------------------------------------------------------------------------ the door
@pytest.mark.parametrize("value", [0.1, 255, 1e6 + 0.1])
@pytest.mark.parametrize("n", [101, 3])
def test_constant_features_stay_at_zero(value, n):
    X = np.random.default_rng(0).standard_normal((n, 6))
    X[:, 2] = value
    whiten = Whiten.fit(X, eps=0)
    Z = whiten(X)
    assert np.isfinite(Z).all() and np.abs(Z).max() < 20 and (whiten.variances[-1] == 0)
    same = Whiten.fit(np.full((n, 3), value), eps=0)
    assert_array_equal(same(np.full((n, 3), value)), 0)
    assert_array_equal(same.variances, 0)


def test_a_huge_offset_costs_no_accuracy():
    X = cloud((200, 4))
    assert_allclose(PCA.fit(X + 1e6).variances, PCA.fit(X).variances, rtol=1e-6)


@pytest.mark.parametrize("kind", [PCA, Whiten])
@pytest.mark.parametrize(("components", "error", "words"), [
    (0, ValueError, "between 1 and 3, got 0"), (4, ValueError, "between 1 and 3, got 4"),
    (2.5, TypeError, "whole number"), (True, TypeError, "whole number"),
])  # fmt: skip
def test_components_out_of_range_are_refused(kind, components, error, words):
    with pytest.raises(error, match=rf"{kind.__name__}\.fit: components must .*{words}"):
        kind.fit(np.eye(3, 8), components)


def test_other_bad_arguments_are_refused():
    with pytest.raises(ValueError, match=r"Whiten\.fit: eps must be at least 0"):
        Whiten.fit(np.eye(3), eps=-1)
    pca = PCA.fit(cloud((9, 5)), 2)
    with pytest.raises(ValueError, match=r"3 coordinates per row, but only 2 components.*\(4, 3\)"):
        pca.inverse(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"PCA\.fit\(X_train\)"):
        PCA().inverse(np.zeros((4, 3)))
