"""browser.py [ARGS for pytest]: what `make test-browser` runs. Without ARGS in two processes at a time.

Most of the time a drive waits: for the next frame, for the kernel, for the page. Each process has a JupyterLab and a
Chromium of its own and drives some of the notebooks; what the second one says is printed when the first has ended.
"""

import json
import subprocess
import sys
import tempfile

from notebooks import NOTEBOOKS, ROOT

PYTEST = [sys.executable, "-m", "pytest", "tests/browser"]
OTHERS = 20  # what the tests of figures made for them cost, in figures of a notebook


def main(*arguments):
    if arguments:
        raise SystemExit(subprocess.run([*PYTEST, *arguments], cwd=ROOT, check=False).returncode)
    shares = [" or ".join(share) for share in halves(costs())]
    selections = [shares[0], f"not ({shares[0]})"]
    with tempfile.TemporaryFile("w+") as second_says:
        second = subprocess.Popen([*PYTEST, "-k", selections[1]], cwd=ROOT, stdout=second_says,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)  # fmt: skip
        first = subprocess.run([*PYTEST, "-k", selections[0]], cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
        second.wait()
        second_says.seek(0)
        print(second_says.read(), flush=True)
    raise SystemExit(first.returncode or second.returncode)


def costs():
    """Return {name: figures with controls} of the notebooks, and of the tests that bring their own."""
    figures = {path.stem: sum("explore(" in "".join(cell["source"]) for cell in json.loads(path.read_text())["cells"])
               for path in sorted(NOTEBOOKS.glob("*.ipynb"))}  # fmt: skip
    return {**figures, "test_explore or test_training": OTHERS}


def halves(costs):
    """Split names into two lists that cost about the same, the costliest name in the first."""
    shares = [[], []]
    for name in sorted(costs, key=costs.get, reverse=True):
        least = min(shares, key=lambda share: sum(costs[each] for each in share))
        least.append(name)
    return shares


if __name__ == "__main__":
    main(*sys.argv[1:])
