"""Results of long experiments, as `make experiments` wrote them: what a notebook plots but does not run."""

import json

from cs231n_helpers.checks import DataError
from cs231n_helpers.storage import PROJECT

FOLDER = PROJECT / "data" / "results"
KEYS = ("about", "settings", "versions", "date", "seconds", "results")


def results(name):
    """The record of the experiment `name`: a dict with about, settings, versions, date, seconds, and results.

    settings are the arguments it was run with, seeds included; results is what it measured, as lists and numbers.
    DataError if there is no such file, or if it is damaged.
    """
    path = FOLDER / f"{name}.json"
    remedy = f"Make it again: make experiments NAME={name}"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(sorted(file.stem for file in FOLDER.glob("*.json"))) or "none"
        raise DataError(f"data.results: there is no result {name!r}; there are: {there}. {remedy}") from None
    except ValueError as problem:                               # no JSON, or not text
        raise DataError(f"data.results: {path} is damaged ({problem}). {remedy}") from None
    if not isinstance(record, dict) or not set(KEYS) <= record.keys():
        raise DataError(f"data.results: {path} is not the record of an experiment. {remedy}")
    return record
