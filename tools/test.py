"""test.py [ARGS for pytest]: what `make test` runs, in the order in which a fault is found soonest.

1. ruff; 2. the unit tests; 3. nbval: every notebook is run again and its text compared with what is committed.
All three run even if an earlier one fails; the last lines say which did. Two processes with one BLAS thread each.
"""

import os
import subprocess
import sys
import time

from notebooks import NOTEBOOKS, ROOT, one_thread

PYTEST = [sys.executable, "-m", "pytest", "-n", "2"]
UNIT = ["--no-loadscope-reorder", "--ignore=tests/browser", "tests/notebooks", "tests"]  # what takes longest first
NBVAL = ["--nbval", "--nbval-cell-timeout=120", "--nbval-sanitize-with=tests/nbval.cfg", "--dist=loadscope",
         "-o", "timeout=300", "notebooks"]  # fmt: skip


def main(*arguments):
    one_thread()
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], cwd=ROOT, capture_output=True, check=False)
    steps = {"ruff": [sys.executable, "-m", "ruff", "check", "."],
             "unit tests": [*PYTEST, *UNIT, *arguments]}  # fmt: skip
    if any(NOTEBOOKS.glob("*.ipynb")):
        steps["notebooks"] = [*PYTEST, *NBVAL]
    verdicts = {name: run(name, command) for name, command in steps.items()}
    print(flush=True)
    for name, (passed, seconds) in verdicts.items():
        print(f"{name:<11}{'passed' if passed else 'FAILED'} in {seconds:.0f} s", flush=True)
    if not all(passed for passed, _ in verdicts.values()):
        raise SystemExit(1)


def run(name, command):
    """Run one step and return whether it passed, and how long it took."""
    print(f"\n== {name}", flush=True)
    start = time.perf_counter()
    code = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, env=os.environ, check=False).returncode
    return code == 0, time.perf_counter() - start


if __name__ == "__main__":
    main(*sys.argv[1:])
