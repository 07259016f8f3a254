"""The exercise on ranges: right answers are accepted, wrong ones are told what is wrong with them."""

import math

import numpy as np
import pytest
import scipy.stats

from cs231n_helpers import search
from cs231n_helpers.exercises import EXERCISES, verdict

EXERCISE = EXERCISES["log_uniform"]


def loop(u, low, high):
    values = []
    for place in u:
        values.append(math.exp(math.log(low) + place * (math.log(high) - math.log(low))))
    return np.array(values)


@pytest.mark.parametrize("answer", [
    loop,
    lambda u, low, high: low * (high / low) ** u,
    lambda u, low, high: 10 ** (np.log10(low) + u * (np.log10(high) - np.log10(low))),
    lambda u, low, high: np.exp(np.log(low) * (1 - u) + np.log(high) * u),
    lambda u, low, high: search.log_uniform(low, high).at(u),
    lambda u, low, high: low ** (1 - u) * high**u,
])
def test_right_answers_are_accepted(answer):
    found = verdict("log_uniform", answer)
    assert (found.kind, "warning" in found.text) == ("exact", False), found.text


def test_what_counts_as_right_are_scipys_quantiles():
    for case in EXERCISE.cases:
        u, low, high = case.args
        np.testing.assert_allclose(EXERCISE.outputs[0].right(case.args), scipy.stats.loguniform(low, high).ppf(u))


def stub(u, low, high):
    """What the function does."""
    ...                                                 # noqa: PIE790


def test_unfilled_stub_is_not_started():
    assert verdict("log_uniform", stub).kind == "not_started"


def changes_u(u, low, high):
    u *= np.log(high / low)
    return low * np.exp(u)


WRONG = [
    (lambda u, low, high: low + u * (high - low), "mistake", "this is uniform"),
    (lambda u, low, high: np.exp(np.log10(low) + u * np.log10(high / low)), "mistake", "undone by exp"),
    (lambda u, low, high: 10 ** (np.log(low) + u * np.log(high / low)), "mistake", "undone by 10**"),
    (lambda u, low, high: 10 ** (low + u * (high - low)), "missing", "values, not exponents"),
    (lambda u, low, high: np.exp(low + u * (high - low)), "missing", "values, not exponents"),
    (lambda u, low, high: np.log10(low) + u * np.log10(high / low), "missing", "this is the exponent"),
    (lambda u, low, high: np.log(low) + u * np.log(high / low), "missing", "this is the exponent"),
    (lambda u, low, high: 10.0 ** np.round(np.log10(low) + u * np.log10(high / low)), "mistake", "only powers of 10"),
    (lambda u, low, high: 10.0 ** np.floor(np.log10(low) + u * np.log10(high / low)), "mistake", "only powers of 10"),
    (lambda u, low, high: 10 ** (u * np.log10(high / low)), "missing", "low is missing"),
    (lambda u, low, high: high**u, "missing", "low is missing"),
    (lambda u, low, high: low * high**u, "missing", "it should be of high / low"),
    (lambda u, low, high: low * (high - low) ** u, "mistake", "of the ratio"),
    (lambda u, low, high: high * (low / high) ** u, "mistake", "exchanged"),
    (lambda u, low, high: high * u, "mistake", "to the power of u"),
    (lambda u, low, high: 2 * low * (high / low) ** u, "factor", "2"),
    (lambda u, low, high: -low * (high / low) ** u, "sign", "sign"),
    (lambda u, low, high: low * (high / low) ** u.mean(), "type", "expected an array"),
    (lambda u, low, high: (low * (high / low) ** u)[:, None], "shape", "expected"),
    (lambda u, low, high: low * (high / low) ** np.sort(u), "axis", "in the wrong places"),
    (lambda u, low, high: low * (high / low) ** np.random.default_rng(0).random(len(u)), "differs", "how far"),
    (changes_u, "changes_input", "writes into u"),
    (lambda u, low, high: None, "not_started", "not started"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), WRONG, ids=range(len(WRONG)))
def test_wrong_answers_are_told_what_is_wrong(answer, kind, words):
    found = verdict("log_uniform", answer)
    assert found.kind == kind and words in found.text, found
