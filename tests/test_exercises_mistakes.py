"""The mistakes that the exercises know by name: each is wrong, and each another."""

import numpy as np
import pytest

from cs231n_helpers.exercises import EXERCISES
from cs231n_helpers.exercises.differences import with_mistake


def outcome(output, mistake, arguments):
    """What a mistake gives; None if it fits square arrays only, and these are not."""
    try:
        return with_mistake(output, mistake, arguments)
    except ValueError:
        return None


def same(one, other):
    if one is None or other is None:
        return one is other
    return np.shape(one) == np.shape(other) and np.allclose(one, other, equal_nan=True)


@pytest.mark.parametrize("name", EXERCISES)
def test_every_known_mistake_is_wrong_and_unlike_the_others(name):
    """No mistake gives the right answer, and no two the same, in all cases."""
    exercise = EXERCISES[name]
    for output in exercise.outputs:
        answers = [[output.right(case.args) for case in exercise.cases]]
        answers += [[outcome(output, mistake, case.args) for case in exercise.cases] for mistake in output.mistakes]
        for i, one in enumerate(answers):
            for other in answers[:i]:
                assert not all(map(same, one, other))
