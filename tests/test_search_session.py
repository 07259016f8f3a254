"""A search recorded on the way: who ended when, what is known at a moment, and an end that leaves nothing."""

import threading
import time

import numpy as np
import pytest

from cs231n_helpers import search
from cs231n_helpers.search.record import Record, Span, lanes, room_for, ticks
from cs231n_helpers.search.session import SAMPLERS, Session, sampler_called
from cs231n_helpers.search.table import Table

SPACE = {"a": search.uniform(0, 1), "b": search.log_uniform(1e-4, 1)}


def near(values, seed):
    """Best at a = 0.5; fails where a is above 0.9."""
    if values["a"] > 0.9:
        raise ValueError("too far")
    return 1 - abs(values["a"] - 0.5)


def slowly(values, seed):
    """Yields for a long time."""
    for step in range(1000):
        time.sleep(0.01)
        yield step


def whole(**settings):
    session = Session(near, SPACE, **settings)
    while session.advance():
        continue
    session.close()
    return session


def test_a_session_is_the_search_of_run():
    session, plain = whole(trials=12, seed=3), search.run(near, SPACE, trials=12, seed=3)
    assert [t.values for t in session.record.trials] == [t.values for t in plain.trials]
    assert session.record.results.best == session.record.trials[session.record.best]
    assert session.total == session.taken == len(session.record) == 12 and session.done


def test_a_record_can_be_wound_back():
    record = whole(trials=12, seed=3).record
    scores = [np.nan if t.state == "failed" else t.score for t in record.trials]
    for count in range(13):
        part = record.at(count)
        assert len(part) == len(part.trials) == count
        np.testing.assert_array_equal(part.scores, scores[:count])
        known = [s for s in scores[:count] if s == s]
        assert part.best is None if not known else part.scores[part.best] == max(known)
        assert len(part.best_so_far) == count
        if known:
            assert part.best_so_far[-1] == max(known)
    assert record.at(99) is record
    assert "failed" in record.kinds and record.kinds.count("failed") == sum(t.values["a"] > 0.9 for t in record.trials)


def test_places_are_those_of_the_scales():
    record = whole(trials=5).record
    expected = [[np.log10(t.values["b"] / 1e-4) / 4, t.values["a"]] for t in record.trials]
    assert record.places("b", "a") == pytest.approx(np.array(expected))
    assert record.running("a", "b").shape == (0, 2) and record.at(0).places("a", "b").shape == (0, 2)


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_have_names(name):
    if name == "Bayesian":
        pytest.importorskip("optuna")
    sampler, trials = sampler_called(name, SPACE, 20)
    assert sum(sampler.rounds(SPACE, trials)) == (16 if name == "grid" else 20)


def test_a_grid_takes_as_many_points_as_fit():
    three = SPACE | {"rule": search.choice("SGD", "Adam")}
    assert [sampler_called("grid", space, n)[0].points for space in (SPACE, three) for n in (4, 9, 50)] == [
        2, 3, 7, 2, 2, 5]  # fmt: skip


def test_an_unknown_sampler_is_named():
    with pytest.raises(ValueError, match="sampler"):
        sampler_called("magic", SPACE, 5)


def test_a_trial_in_this_process_ends_at_its_next_score_when_told():
    session = Session(slowly, SPACE, trials=3)
    threading.Timer(0.1, session.hurry).start()
    start = time.monotonic()
    assert session.advance() and session.taken == 0
    session.close()
    assert time.monotonic() - start < 5


def test_a_journal_does_not_mind_in_which_process(tmp_path):
    path = tmp_path / "search.jsonl"
    search.run(near, SPACE, trials=4, path=path, sampler=search.random())
    session = Session(near, SPACE, trials=4, path=path)
    assert session.advance() and session.taken == 4
    session.close()


def test_workers_that_come_later_take_free_rows():
    spans = [Span(7, 0, 1, "done"), Span(8, 0.1, 2, "done"), Span(7, 1, 3, "done"), Span(9, 3.1, 4, "done")]
    assert lanes(spans) == [0, 1, 0, 1] or lanes(spans) == [0, 1, 0, 0]
    busy = [*spans[:3], Span(None, 2.0, 3, "running"), Span(None, 3.0, 3, "running")]
    assert lanes(busy) == [0, 1, 0, 1, 0] and lanes([]) == []


def test_time_has_round_ends():
    assert [room_for(seconds) for seconds in (0.3, 1, 1.1, 11, 59, 1e6)] == [1, 1, 2, 15, 60, 1e6]


@pytest.mark.parametrize(("distribution", "labels"), [
    (search.log_uniform(1e-5, 1), ["1e-05", "0.0001", "0.001", "0.01", "0.1", "1"]),
    (search.log_uniform(1e-9, 1), ["1e-09", "1e-07", "1e-05", "0.001", "0.1"]),
    (search.log_uniform(4, 200, integer=True), ["10", "100"]),
    (search.log_uniform(0.2, 0.9), ["0.2", "0.9"]),
    (search.uniform(0, 1), ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    (search.uniform(0.3, 0.8), ["0.3", "0.4", "0.5", "0.6", "0.7", "0.8"]),
    (search.choice("SGD", "Adam"), ["SGD", "Adam"]),
])  # fmt: skip
def test_sides_have_round_numbers(distribution, labels):
    places, found = ticks(distribution)
    assert found == labels
    values = labels if not distribution.ordered else [float(label) for label in labels]
    assert places == pytest.approx([distribution.place(value) for value in values], abs=1e-9)


def test_a_table_is_itself_at_its_middles_and_between_them():
    space = {"x": search.uniform(0, 4), "y": search.uniform(0, 3)}
    scores = np.arange(12.0).reshape(4, 3) ** 2
    table = Table(space, scores)
    for i in range(4):
        for j in range(3):
            assert table({"x": i + 0.5, "y": j + 0.5}) == scores[i, j]
    assert table({"x": 1.0, "y": 0.5}) == pytest.approx((scores[0, 0] + scores[1, 0]) / 2)
    assert table({"x": 1.25, "y": 1.0}) == pytest.approx(
        0.25 * (scores[0, 0] + scores[0, 1]) / 2 + 0.75 * (scores[1, 0] + scores[1, 1]) / 2
    )
    assert table({"x": 0, "y": 3}) == scores[0, 2] and "(4, 3)" in repr(table)


def test_a_record_hears_what_is_new_once():
    results = search.run(near, SPACE, trials=3)
    record = Record(results).heard(results, 1.0).heard(results, 2.0)
    assert record.ended == {0: 1.0, 1: 1.0, 2: 1.0} and record.now == 2.0
    assert all(span.ended == 1.0 and 0 <= span.begun <= 1 for span in record.spans())
