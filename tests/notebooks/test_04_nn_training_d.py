"""Notebook 04, third part, the gradient doctor and the sanity checks: every control against values computed here."""

import math

import numpy as np
import pytest

from cs231n_helpers import exercises
from support import cells, curve, drives, numbers, of, texts, widths, words

NAME = "04_nn_training"
ARRAYS = ("W1", "b1", "W2", "b2")
LABELS = [f"d{name}" for name in ARRAYS]
FLOOR, CEILING = 1e-10, 50.0  # of the scale in the pictures


# --- the truth, from first principles ---------------------------------------------------------------------------------


def block_means(split):
    """Means of 4 x 4 blocks, minus their mean over the images, over the spread that they had."""
    images = split.X_train.astype(float).mean(axis=3)
    rows = [[images[:, i:i + 4, j:j + 4].mean(axis=(1, 2)) for j in range(0, 28, 4)] for i in range(0, 28, 4)]
    flat = np.array(rows).reshape(49, -1).T
    return (flat - flat.mean(axis=0)) / flat.std()


def loss_of(params, X, y, strength, activation="ReLU", mask=1.0):
    """softmax and penalty in float64; the mask multiplies the hidden units."""
    sums = X @ params["W1"] + params["b1"]
    hidden = (np.tanh(sums) if activation == "tanh" else np.where(sums > 0, sums, 0)) * mask
    scores = hidden @ params["W2"] + params["b2"]
    scores = scores - scores.max(axis=1, keepdims=True)
    data = np.mean([math.log(sum(map(math.exp, s))) - s[label] for s, label in zip(scores, y, strict=True)])
    return data + strength / 2 * sum((params[name] ** 2).sum() for name in ("W1", "W2"))


def measured(params, name, count, h, *data, **how):
    """Centred differences at the numbers that the doctor picks."""
    places = np.sort(np.random.default_rng(2).permutation(params[name].size)[:count])
    slopes = []
    for place in places:
        ends = []
        for step in (h, -h):
            array = params[name].copy()
            array.flat[place] += step
            ends.append(loss_of(params | {name: array}, *data, **how))
        slopes.append((ends[0] - ends[1]) / (2 * h))
    return places, np.array(slopes)


def right_slopes(params, X, y, strength, activation="ReLU", mask=1.0):
    """The gradients of the right code, by the formulas."""
    sums = X @ params["W1"] + params["b1"]
    hidden = np.tanh(sums) if activation == "tanh" else np.maximum(sums, 0)
    scores = (hidden * mask) @ params["W2"] + params["b2"]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    ds = (powers / powers.sum(axis=1, keepdims=True) - np.eye(10)[y]) / len(y)
    dsums = ds @ params["W2"].T * mask * (1 - hidden**2 if activation == "tanh" else sums > 0)
    return {"W1": X.T @ dsums + strength * params["W1"], "b1": dsums.sum(axis=0),
            "W2": (hidden * mask).T @ ds + strength * params["W2"], "b2": ds.sum(axis=0)}  # fmt: skip


def worst(a, n):
    """The relative error, one by one."""
    return max(abs(p - q) / max(abs(p), abs(q)) if max(abs(p), abs(q)) > 0 else 0 for p, q in zip(a, n, strict=True))


# --- reading pictures -------------------------------------------------------------------------------------------------


def shown_errors(ax):
    """{"dW1": error, ...}: the dots and the crosses of a scale."""
    places = np.concatenate([curve(ax, 0).T, curve(ax, 1).T])
    names = [label.get_text() for label in ax.get_yticklabels()]
    return {names[int(row)]: error for error, row in places}


def labelled(ax, label):
    [found] = [one for one in ax.lines if one.get_label() == label]
    return np.array(found.get_data(), dtype=float)


@pytest.fixture(scope="module")
def X(split):
    return block_means(split)


# --- The gradient doctor ----------------------------------------------------------------------------------------------


def test_the_images_are_block_means(run, X):
    np.testing.assert_allclose(run.namespace["block_means"], X, atol=1e-10)


def everything(widget, *controls):
    """Set each control to all it offers: positions of a slider, options of a menu; yield the values."""
    for control in controls:
        options = getattr(widget.controls[control], "options", None) or widget.limits(control)
        for option in options:
            widget.set(**{control: option})
            assert widget.error == "", widget.error
            yield widget.values
        widget.reset()


def expected_error(values, name, params, X, y):
    """The relative error of right code in float64 without dropout."""
    data = X[:values["points"]], y[:values["points"]], values["strength"]
    places, slopes = measured(params, name, 10, values["h"], *data, activation=values["activation"])
    return worst(right_slopes(params, *data, activation=values["activation"])[name].flat[places], slopes)


@drives(NAME, "d1-widget", "points", "h", "strength", "activation", "after_burn_in")
@of("d1-widget")
def test_the_errors_of_right_code_are_those_of_differences_computed_here(widget, run, split, X):
    for values in everything(widget, "points", "h", "strength", "activation", "after_burn_in"):
        params, shown = run.namespace["ill"][values["after_burn_in"]], shown_errors(widget.axes["A"])
        for name in ARRAYS:
            due, got = expected_error(values, name, params, X, split.y_train), shown[f"d{name}"]
            close = due < 1e-5 and got < 1e-4  # rounding noise differs from one way of adding to another
            assert close or abs(math.log10(np.clip(due, FLOOR, CEILING) / got)) < (0.02 if due > 1e-2 else 2)


def curves(run, widget):
    lines = {label: labelled(widget.axes["B"], label) for label in ("right code", "with this bug")}
    return lines["right code"][1], lines["with this bug"][1]


WRONG = {"none": "", "missing 1/N": "W1 b1 W2 b2", "softmax down the columns": "W1 b1 W2 b2", "missing transpose":
         "W1 b1", "forgotten slope": "W1 b1", "mask of the wrong array": "W1 b1", "new dropout mask": "",
         "forgotten penalty": "W1 W2", "penalty doubled": "W1 W2", "biases penalised": "b1 b2", "sign of db1": "b1",
         "db1 a mean": "b1"}  # fmt: skip


@drives(NAME, "d1-widget", "bug", "dropout", "float32")
@of("d1-widget")
def test_each_bug_spoils_its_arrays_and_bad_conditions_spoil_all(widget):
    for values in everything(widget, "bug", "dropout", "float32"):
        bad_check = values["float32"] or values["dropout"] == "new mask each call"
        due = ARRAYS if bad_check else WRONG[values["bug"]].split()
        found = shown_errors(widget.axes["A"])
        assert [name for name in ARRAYS if found[f"d{name}"] > 1e-3] == list(due)
        assert words(widget.axes["B"]) == f"bug: {values['bug']}"
        assert numbers(words(widget.axes["A"]))[0] == pytest.approx(max(found.values()), rel=0.6)
    widget.set(bug="new dropout mask", dropout="frozen mask")
    assert [n for n in LABELS if shown_errors(widget.axes["A"])[n] > 1e-3] == ["dW1", "db1"]


@of("d1-widget")
def test_the_curve_is_the_training_it_says_it_is(widget, run, split, X):
    """Forty steps of the right gradient, taken here."""
    params, rng, losses = run.namespace["untreated"], np.random.default_rng(1), []
    for step in range(41):
        if step % 10 == 0:
            losses.append(loss_of(params, X[:300], split.y_train[:300], 0.0))
        chosen = rng.integers(0, 2000, 50)
        slopes = right_slopes(params, X[chosen], split.y_train[chosen], 1e-3)
        params = {name: params[name] - 0.1 * slopes[name] for name in ARRAYS}
    for shown in curves(run, widget):
        assert shown[:5] == pytest.approx(losses, rel=1e-6)


@of("d1-widget")
def test_some_bugs_are_plain_in_the_curve_and_most_are_not(widget, run):
    ends = {}
    for bug in WRONG:
        widget.set(bug=bug)
        right, spoiled = curves(run, widget)
        ends[bug] = spoiled[-1] - right[-1]
        if bug == "missing 1/N":
            assert np.nanmax(spoiled) > 3.5 and np.isnan(spoiled[-1])
    for bug in ("missing transpose", "forgotten slope", "forgotten penalty", "sign of db1", "biases penalised"):
        assert abs(ends[bug]) < 0.15, bug


@of("d1-widget")
def test_what_to_notice_in_the_doctor(widget):
    def found(**changed):
        widget.reset()
        widget.set(**changed)
        return shown_errors(widget.axes["A"])

    def kinks():
        return numbers(words(widget.axes["A"]).split("crossed:")[1])[0]

    assert max(found().values()) < 1e-6
    assert max(found(h=0.1).values()) > 1e-2 and kinks() > 5
    assert max(found(h=1e-12).values()) > 1e-3 and kinks() == 0
    assert all(max(found(float32=True, h=10.0**-i).values()) > 1e-3 for i in range(1, 9))
    assert max(found(points=300, h=1e-2).values()) > 1e-2 and kinks() > 5
    assert max(found(points=2, h=1e-2).values()) < 1e-2 and kinks() <= 1
    assert max(found(dropout="new mask each call").values()) > 0.1 > 1e-5 > max(found(dropout="frozen mask").values())
    assert max(found(bug="new dropout mask").values()) < 1e-6
    hidden, plain = found(bug="forgotten slope", strength=1e4), found(bug="forgotten slope")
    assert hidden["dW1"] < 1e-2 < 0.5 < plain["dW1"] and min(hidden["db1"], plain["db1"]) > 0.5
    assert max(found(bug="biases penalised", after_burn_in=False).values()) < 1e-6 < 1e-3 < max(
        found(bug="biases penalised").values())


def test_the_steps_have_a_valley_in_float64_only(run):
    by_step, h = run.namespace["by_step"], run.namespace["step_sizes"]
    assert 1e-7 < h[np.argmin(by_step["tanh"])] < 1e-3 and min(by_step["tanh"]) < 1e-6
    assert by_step["tanh"][-1] > 1e-3 and by_step["tanh"][0] > 1e-3
    assert min(by_step["tanh, float32"]) > 1e-4
    assert by_step["ReLU"][9] > 10 * by_step["tanh"][9]


def test_the_worked_numbers(run):
    assert run.namespace["E"].tolist() == pytest.approx([0.0002 / 2.0002, 0, 0, 2])


# --- From the symptom to the bug --------------------------------------------------------------------------------------


@drives(NAME, "d2-widget", "case")
@of("d2-widget")
def test_a_case_shows_its_own_errors_and_curve(widget, run):
    suspects, culprits = run.namespace["suspects"], run.namespace["culprits"]
    assert sorted(culprits) == sorted(suspects) and culprits != suspects
    for case in range(1, len(suspects) + 1):
        widget.set(case=case)
        culprit, found = culprits[case - 1], shown_errors(widget.axes["A"])
        due = ("W1 b1 W2 b2" if culprit.startswith("right code, ") else WRONG[culprit]) or "W1 b1"
        due = "" if "sound" in culprit else due
        assert [name for name in ARRAYS if found[f"d{name}"] > 1e-4] == due.split(), culprit
        right, mine = (labelled(widget.axes["C"], label)[1] for label in ("right code", "this case"))
        assert np.array_equal(right, mine, equal_nan=True) == culprit.startswith("right code")
        assert words(widget.axes["C"]) == f"case {case}"


@drives(NAME, "d2-widget", "array")
@of("d2-widget")
def test_dots_stand_at_measured_and_analytic_slopes(widget, run, split, X):
    case = run.namespace["culprits"].index("sign of db1") + 1
    params, chosen = run.namespace["weights_seen"], slice(700 + 50 * case, 750 + 50 * case)
    mask = (np.random.default_rng(1).random((50, 10)) < 0.5) / 0.5
    data = X[chosen], split.y_train[chosen], 0.05
    widget.set(case=case)
    for name in ARRAYS:
        widget.set(array=name)
        places, n = measured(params, name, 20, 3e-5, *data, mask=mask)
        a = right_slopes(params, *data, mask=mask)[name].flat[places] * (-1 if name == "b1" else 1)
        largest = max(np.abs(a).max(), np.abs(n).max())
        assert curve(widget.axes["B"], 1) == pytest.approx(np.array([n, a]) / largest, abs=1e-5)
        assert words(widget.axes["B"]) == f"d{name}"


@drives(NAME, "d2-widget", "diagnosis_")
@of("d2-widget")
def test_only_the_true_diagnosis_fits_and_the_controls_do_not_tell_it(widget, run):
    """Tried for some cases; the judge itself is tested for all."""
    suspects, culprits = run.namespace["suspects"], run.namespace["culprits"]
    for case in (1, len(suspects)):
        for guess in ["?", *suspects]:
            widget.set(case=case, diagnosis_=guess)
            mark, said = texts(widget.axes["D"])[0], " ".join(texts(widget.axes["D"])[1:])
            good = guess == culprits[case - 1]
            assert mark == ("" if guess == "?" else "\N{CHECK MARK}" if good else "\N{BALLOT X}")
            assert ("It fits" in said) == good and (guess == "?" or said.startswith(guess))
            assert good or culprits[case - 1] not in said
    assert list(widget.controls["diagnosis_"].options) == ["?", *suspects]


@of("d2-widget")
def test_some_cases_have_a_bad_check_and_a_perfect_curve(widget, run):
    bad = [i for i, name in enumerate(run.namespace["culprits"], 1) if name.startswith("right code, ") and
           "sound" not in name]  # fmt: skip
    assert len(bad) == 3
    for case in bad:
        widget.set(case=case)
        assert min(shown_errors(widget.axes["A"]).values()) > 1e-4
        right, mine = (labelled(widget.axes["C"], label)[1] for label in ("right code", "this case"))
        assert np.array_equal(right, mine)


def test_a_few_curves_only_would_have_convicted(run):
    right, found = run.namespace["treated"]["none", "ReLU", True], []
    for bug in WRONG:
        mine = run.namespace["treated"][bug, "ReLU", True]
        found += [bug] if np.isnan(mine[-1]) or mine[-1] > right[-1] + 0.5 else []
    assert {"missing 1/N", "softmax down the columns"} <= set(found) and len(found) <= 4


# --- Sanity checks ----------------------------------------------------------------------------------------------------


FAILS = {"none": "", "weights 100 times too large": "1", "loss summed, not averaged": "1", "penalty not added": "2",
         "penalty with a minus": "2", "hidden units dead": "3", "first layer frozen": "3", "labels shuffled": ""}


def marks(widget):
    return [text == "\N{CHECK MARK}" for text in texts(widget.axes["D"])[:3]]


@drives(NAME, "d3-widget", "fault")
@of("d3-widget")
def test_each_fault_is_found_by_its_check(widget, run, split, X):
    fresh, data = run.namespace["fresh"], (X[:200], split.y_train[:200])
    weights = {"W1": "dense1.W", "b1": "dense1.b", "W2": "dense2.W", "b2": "dense2.b"}
    params = {short: fresh[name].astype(float) for short, name in weights.items()}
    squares = sum((params[name] ** 2).sum() for name in ("W1", "W2"))
    for values in everything(widget, "fault"):
        fault = values["fault"]
        assert all(marks(widget)[int(n) - 1] is False for n in FAILS[fault])
        if FAILS[fault] != "1":
            assert marks(widget) == [str(n) not in FAILS[fault] for n in (1, 2, 3)]
        now = {name: 100 * w if "100" in fault else w for name, w in params.items()}
        now["b1"] = now["b1"] - 10 * (fault == "hidden units dead")
        due = loss_of(now, *data, 0.0) * (200 if "summed" in fault else 1)
        if fault != "labels shuffled":
            assert widths(widget.axes["A"])[0] + 0.1 == pytest.approx(due, rel=1e-3)
        assert widths(widget.axes["A"])[1] + 0.1 == pytest.approx(math.log(10))
        rise = {"penalty not added": 0, "penalty with a minus": -1, "weights 100 times too large": 1e4}.get(fault, 1)
        shown = labelled(widget.axes["B"], "loss")
        assert shown[0].tolist() == [0, 2, 10]
        assert shown[1] - shown[1][0] == pytest.approx(rise * squares * np.array([0, 1, 5]), rel=1e-3, abs=1e-3)


@drives(NAME, "d3-widget", "learning_rate")
@of("d3-widget")
def test_the_course_of_twenty_examples_is_plain_momentum(widget, run, split, X):
    fresh = run.namespace["fresh"]
    names = {"W1": "dense1.W", "b1": "dense1.b", "W2": "dense2.W", "b2": "dense2.b"}
    passed = {}
    for values in everything(widget, "learning_rate"):
        params = {short: fresh[name].astype(float) for short, name in names.items()}
        speed, losses = dict.fromkeys(params, 0), []
        for _ in range(6):
            losses.append(loss_of(params, X[:20], split.y_train[:20], 0.0))
            slopes = right_slopes(params, X[:20], split.y_train[:20], 0.0)
            speed = {name: 0.9 * speed[name] - values["learning_rate"] * slopes[name] for name in params}
            params = {name: params[name] + speed[name] for name in params}
        assert curve(widget.axes["C"])[1][:6] == pytest.approx(np.clip(losses, 1e-4, 1e4), rel=1e-2)
        passed[values["learning_rate"]] = marks(widget)[2]
    assert not passed[1e-4] and not passed[10]
    assert widget.values["learning_rate"] == pytest.approx(0.1) and marks(widget) == [True] * 3


@of("d3-widget")
def test_what_to_notice_in_the_checks(widget):
    def said(**changed):
        widget.reset()
        widget.set(**changed)
        return " ".join(texts(widget.axes["D"])), words(widget.axes["C"])

    assert "start too large" in said(fault="weights 100 times too large")[0]
    assert "mean, not the sum" in said(fault="loss summed, not averaged")[0]
    assert "sign of the penalty" in said(fault="penalty with a minus")[0]
    assert "too slow" in said(learning_rate=1e-4)[0] and "runs away" in said(learning_rate=10.0)[0]
    text, heading = said(fault="first layer frozen", learning_rate=1.0)
    assert "dense1.W, dense1.b never moved" in text and heading == "20 examples: 100% right"
    said(fault="labels shuffled")
    assert marks(widget) == [True] * 3


# --- the exercise -----------------------------------------------------------------------------------------------------


def test_the_folded_solution_is_right_and_the_stub_is_not_started(run):
    [text] = ["".join(cell["source"]) for cell in cells(NAME, "markdown") if cell["id"] == "d1-solution"]
    space = {"np": np}
    exec(text.split("```python\n")[1].split("```")[0], space)
    assert exercises.verdict("relative_error", space["relative_error"]).kind == "exact"
    assert exercises.verdict("relative_error", run.namespace["relative_error"]).kind == "not_started"
