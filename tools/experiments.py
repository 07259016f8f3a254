"""experiments.py [NAME ...]: run the long experiments of data/experiments and write their results to data/results.

An experiment is a file with a docstring, SETTINGS, and a function `run(**SETTINGS)` whose result is written as JSON
beside its settings, the versions it ran with, the date and the time it took. The notebooks plot what is written there.
Without names all are run; one whose data is not there is skipped then, with the reason, and its result stays as it was.
"""

import datetime
import importlib.util
import json
import platform
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS, RESULTS = ROOT / "data" / "experiments", ROOT / "data" / "results"


def names():
    """Return the names of all experiments."""
    return sorted(path.stem for path in SCRIPTS.glob("*.py"))


def load(name):
    """Return the module of an experiment."""
    spec = importlib.util.spec_from_file_location(f"experiment_{name}", SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # worker processes and dataclasses look it up by name
    spec.loader.exec_module(module)
    return module


def record(module):
    """Run an experiment and return its record."""
    import numpy as np

    start = time.perf_counter()
    found = module.run(**module.SETTINGS)
    return {"about": module.__doc__.strip().split("\n")[0], "settings": module.SETTINGS,
            "versions": {"python": platform.python_version(), "numpy": np.__version__},
            "date": datetime.date.today().isoformat(), "seconds": round(time.perf_counter() - start, 1),
            "results": found}  # fmt: skip


def write(name, made):
    """Write a record, whole or not at all."""
    from cs231n_helpers.storage import replacing

    RESULTS.mkdir(exist_ok=True)
    with replacing(RESULTS / f"{name}.json") as file:
        file.write((json.dumps(made, indent=1, allow_nan=False) + "\n").encode())


def main(*chosen):
    from cs231n_helpers.checks import DataError

    unknown = [name for name in chosen if name not in names()]
    if unknown:
        raise SystemExit(f"No such experiment: {', '.join(unknown)}. There are: {', '.join(names())}")
    for name in chosen or names():
        print(f"{name}: running", flush=True)
        try:
            made = record(load(name))
        except DataError as missing:
            if chosen:
                raise SystemExit(f"{name}: {missing}") from None
            print(f"{name}: skipped. {missing}", flush=True)
            continue
        write(name, made)
        print(f"{name}: {made['about']} ({made['seconds']} s)", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
