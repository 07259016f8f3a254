"""A search on disk: one line of JSON for each finished trial, written the moment it is finished.

Lines are only ever added. A crash can leave half a line at the end, never damage a whole one; the half is dropped, and
its trial is run again.
"""

import contextlib
import json
import math
import os
import re
import weakref
from pathlib import Path

from cs231n_helpers.checks import DataError

from .trial import Trial

try:
    import fcntl
except ImportError:                                                 # Windows: two searches are not kept apart there
    fcntl = None

KIND, FORMAT = "cs231n search", 1
START = json.dumps({"kind": KIND})[:-1]                             # how the first line begins
REMEDY = "Take another path, or delete the file to start anew."
_held = weakref.WeakSet()                                           # files that this process has locked


def _let_go():
    """In a forked child: its copy of a locked file would hold the lock after the death of the process it came from."""
    for file in _held:
        file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


def header(objective, space, sampler, seed, trials, stop):
    """What makes a search the one it is: everything its trials depend on."""
    return {"kind": KIND, "format": FORMAT, "objective": describe(objective),
            "space": [[name, describe(distribution)] for name, distribution in space.items()],
            "sampler": describe(sampler), "seed": seed, "stop": describe(stop), "trials": trials}


def describe(thing):
    """A description that is the same in every process: a function's name, a record's text, and no addresses."""
    name = getattr(thing, "__qualname__", None)
    return f"{thing.__module__}.{name}" if name else re.sub(r" at 0x[0-9a-fA-F]+", "", repr(thing))


@contextlib.contextmanager
def opened(path, head, extends=False):
    """A `with` block that holds the Journal of this search; with path = None one that forgets.

    extends: more trials than the file was begun with are welcome. ValueError for the file of another search,
    RuntimeError if a search is writing to it right now, DataError if it is damaged or no journal.
    """
    if path is None:
        yield Journal(None)
        return
    path = Path(path)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ValueError(f"search: path must be a file in a folder that exists, got {path}.")
    with open(path, "a+b") as file, _locked(file, path):
        yield _read(file, path, head, extends)


class Journal:
    """The trials that were found in the file, and a place for those to come."""

    def __init__(self, file, found=(), notices=()):
        self._file, self._found, self.notices = file, {line["number"]: line for line in found}, list(notices)

    def add(self, trial):
        """Write a finished trial; when this returns, it is on the disk."""
        if self._file is not None:
            _append(self._file, {"number": trial.number, "values": written(trial.values), "seed": trial.seed,
                                 "score": trial.score if trial.ok else None, "curve": trial.curve,
                                 "seconds": trial.seconds, "state": trial.state, "reason": trial.reason,
                                 "worker": trial.worker, "tries": trial.tries, "printed": trial.printed})

    def finished(self, number, values, seed):
        """The Trial with this number, if it was in the file; its values must be those that this search gives it."""
        line = self._found.get(number)
        if line is None:
            return None
        if not _same(line["values"], written(values)) or line["seed"] != seed:
            raise ValueError(f"search: trial {number} of the file had the values {line['values']}, but now has "
                             f"{written(values)}. Was it begun with another version of a library? {REMEDY}")
        score = math.nan if line["score"] is None else line["score"]
        return Trial(**{**line, "values": values, "score": score, "curve": tuple(line["curve"])})


def written(values):
    """Values as they stand in the file: what JSON does not know, as text."""
    return {name: value if isinstance(value, (str, int, float, bool, type(None))) else describe(value)
            for name, value in values.items()}


def _same(found, expected):
    """Equal, but for the last digits, which may differ from one processor to another."""
    return found.keys() == expected.keys() and all(
        math.isclose(value, expected[name], rel_tol=1e-9) if isinstance(value, float) and
        isinstance(expected[name], float) else value == expected[name] for name, value in found.items())


def _append(file, line):
    file.write(json.dumps(line).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


@contextlib.contextmanager
def _locked(file, path):
    """Hold the file in the `with` block; the death of this process lets go of it too."""
    if fcntl is None:
        yield
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holders = re.findall(rb'^\{"(?:kind|opened)".*"process": (\d+)\}$', file.read(), re.MULTILINE)
        who = f"process {int(holders[-1])}" if holders else "another process"
        raise RuntimeError(f"search: {who} is writing to {path} right now. Wait until its search has ended, "
                           "stop it, or take another path.") from None
    _held.add(file)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _read(file, path, head, extends):
    file.seek(0)
    content = file.read()
    _refuse_foreign(path, content)
    whole, _, half = content.rpartition(b"\n")
    notices = []
    if half:
        file.truncate(len(content) - len(half))
        notices = [f"{path.name}: half a line at its end ({len(half)} bytes) was dropped; its trial is run again."]
    if not whole:
        _append(file, {**head, "process": os.getpid()})
        return Journal(file, (), notices)
    first, *lines = [_parsed(path, number, line) for number, line in enumerate(whole.split(b"\n"), 1)]
    _refuse_other(path, first, head, extends)
    _append(file, {"opened": "again", "process": os.getpid()})
    return Journal(file, [line for line in lines if "number" in line], notices)


def _refuse_foreign(path, content):
    start = START.encode()
    if not (content.startswith(start) or start.startswith(content)):
        raise DataError(f"search: {path} is not the journal of a search: it starts with {content[:40]!r}. "
                        "It stays as it is; take another path.")


def _parsed(path, number, line):
    try:
        return json.loads(line)
    except ValueError:
        raise DataError(f"search: line {number} of {path} is damaged: {line[:40]!r}. {REMEDY}") from None


def _refuse_other(path, first, head, extends):
    for name, value in head.items():
        found = first.get(name)
        if found != value and not (name == "trials" and extends):
            raise ValueError(f"search: {path} belongs to another search: its {name} is {found}, this one's is {value}. "
                             f"{REMEDY}")
