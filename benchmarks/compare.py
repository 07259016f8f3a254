"""Two programs side by side: each in its own process, taking turns, judged by the ratio of their times.

In one process their thread pools slow each other 3 to 20 times on two cores, and absolute times change with whatever
else the machine does. So every side lives in a process of its own, waits while the other runs, and each pair of turns
gives one ratio; the median of the ratios is what counts. A benchmark file holds functions without arguments that
prepare the data and return the function to be timed:

    def l2_ours(): ...                      return lambda: knn_predict(l2_distances(Q, X), y, 5)
    row = compare(__file__, "l2_ours", "l2_rival", "L2 distances and vote", aim=0.6)
    print_table([row])
"""

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAUSE = 0.05                # seconds between turns: the threads of the side before stop spinning


@dataclass(frozen=True)
class Row:
    """One line of the table. `ours` and `rival` are in `unit`; `value` is what is held against `aim` (at most)."""

    what: str
    ours: float | None
    rival: float | None
    value: float | None
    aim: float
    unit: str = "s"
    note: str = ""

    @property
    def verdict(self):
        """passed, not met, or not measured (a missing rival is never a success)."""
        return "not measured" if self.value is None else "passed" if self.value <= self.aim else "not met"


def compare(file, ours, rival, what, aim, *, turns=9, env=None, rival_python=None):
    """Time two functions of a benchmark file in alternating processes; the row holds medians and the median ratio.

    `rival_python` is the interpreter of the environment that the rival is installed in, if it is not this one.
    """
    sides = [Side(file, ours, env), Side(file, rival, env, rival_python)]
    try:
        missing = [side.missing for side in sides if side.missing]
        if missing:
            return Row(what, None, None, None, aim, note=missing[0])
        pairs = [_pair(sides, number) for number in range(turns + 1)][1:]            # the first one is a warm-up
    finally:
        for side in sides:
            side.close()
    ratio = statistics.median(a / b for a, b in pairs)
    return Row(what, *(statistics.median(times) for times in zip(*pairs)), ratio, aim)


def _pair(sides, number):
    """One turn each: (ours, rival); who goes first changes from pair to pair."""
    if number % 2 == 0:
        return [side.turn() for side in sides]
    return [side.turn() for side in sides[::-1]][::-1]


class Side:
    """A process that has prepared one function and runs it when told to."""

    def __init__(self, file, name, env=None, python=None):
        self.process = subprocess.Popen([python or sys.executable, __file__, str(file), name], cwd=ROOT, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(env))
        self.missing = self._answer().get("missing", "")

    def turn(self):
        """Run once; seconds."""
        time.sleep(PAUSE)
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self._answer()["seconds"]

    def close(self):
        """Let the process end."""
        self.process.stdin.close()
        self.process.wait()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[-1]} ended with {self.process.wait()}; its message is above.")
        return json.loads(line)


def peak_memory(file, name, what, aim, *, env=None):
    """Run a function once in a fresh process; the row holds the largest resident memory of that process."""
    side = Side(file, name, env)
    try:
        if side.missing:
            return Row(what, None, None, None, aim, "MB", side.missing)
        side.turn()
        peak = _peak_megabytes(side.process.pid)
    finally:
        side.close()
    return Row(what, peak, None, peak, aim, "MB")


def _peak_megabytes(pid):
    """The high-water mark of resident memory (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("This system does not report peak memory.")


def all_cores():
    """Settings that give both sides every core, whatever is set outside (tests run with one thread)."""
    return dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(os.cpu_count()))


def _environment(env):
    return {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}


def print_table(rows):
    """One line per row, in Markdown, as it stands in README.md."""
    print("| what | ours | rival | ratio or peak | aim | |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        numbers = [_number(row.ours, row.unit), _number(row.rival, row.unit),
                   _number(row.value, row.unit if row.unit == "MB" else ""), f"<= {row.aim:g}"]
        print("|", " | ".join([row.what, *numbers, " ".join([row.verdict, row.note]).strip()]), "|")


def _number(value, unit):
    return "-" if value is None else f"{value:,.0f} MB" if unit == "MB" else f"{value:.3f} {unit}".strip()


def _serve(file, name):
    """The child process: prepare, say so, then run once for every line that comes in."""
    try:
        run = getattr(_load(file), name)()
    except ImportError as error:
        print(json.dumps({"missing": f"{error.name} is not installed"}), flush=True)
        return
    print(json.dumps({"ready": name}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


def _load(file):
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    _serve(*sys.argv[1:])
