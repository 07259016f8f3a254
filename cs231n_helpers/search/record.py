"""What a search looked like as it went on: its trials in the order in which they ended, as arrays for a picture."""

from dataclasses import dataclass, field, replace

import numpy as np

KINDS = {"done": "done", "stopped": "stopped"}                      # all other states are failures
WIDTHS = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60, 90, 120, 180, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400)
ENOUGH = 16                                                         # scores from which a crowd is no accident
MOST_TICKS = 6                                                      # along one side of the board


@dataclass(frozen=True)
class Span:
    """One block of the picture "who ran which trial, and when": seconds since the beginning."""

    worker: int | None                                              # of one under way it is not known
    begun: float
    ended: float
    kind: str                                                       # "done", "stopped", "failed" or "running"


@dataclass(frozen=True)
class Record:
    """A search up to some moment: its Results, and when each trial ended, in that order."""

    results: object
    start: float = 0.0                                              # when it began, as time.time() tells it
    ended: dict = field(default_factory=dict)                       # {number: seconds}, in the order of ending
    now: float = 0.0

    def __len__(self):
        return len(self.ended)

    def heard(self, results, now):
        """The Record with newer results, at `now` seconds after the beginning."""
        new = {trial.number: now for trial in results.trials if trial.number not in self.ended}
        return replace(self, results=results, ended=self.ended | new, now=now)

    def at(self, count):
        """The Record as it was when `count` trials had ended."""
        if count >= len(self):
            return self
        ended = dict(list(self.ended.items())[:count])
        trials = tuple(trial for trial in self.results.trials if trial.number in ended)
        results = replace(self.results, trials=trials, running=())
        return replace(self, results=results, ended=ended, now=max(ended.values(), default=0.0))

    @property
    def trials(self):
        """The trials in the order in which they ended."""
        by_number = {trial.number: trial for trial in self.results.trials}
        return [by_number[number] for number in self.ended]

    @property
    def scores(self):
        """Their scores, (N,): NaN where there is none."""
        return np.array([trial.score if trial.ok else np.nan for trial in self.trials])

    @property
    def kinds(self):
        """How each of them ended: "done", "stopped" or "failed"."""
        return [KINDS.get(trial.state, "failed") for trial in self.trials]

    @property
    def best_so_far(self):
        """The best score after each of them, (N,): NaN before the first score."""
        return np.fmax.accumulate(self.scores) if len(self) else np.empty(0)

    @property
    def best(self):
        """The place in `trials` of the best one; None if there is no score yet."""
        scores = self.scores
        return int(np.nanargmax(scores)) if np.isfinite(scores).any() else None

    @property
    def border(self):
        """{name: "low" or "high"} of the ranges whose end the best crowd at; nothing while few trials have a score."""
        return self.results.border() if np.isfinite(self.scores).sum() >= ENOUGH else {}

    def places(self, *names):
        """Where the trials lie between the ends of some settings, from 0 to 1, (N, len(names))."""
        return self._places([trial.values for trial in self.trials], names)

    def running(self, *names):
        """The same of those under way, (M, len(names))."""
        return self._places([values for _, values, *_ in self.results.running], names)

    def _places(self, chosen, names):
        space = self.results.space
        return np.array([[space[name].place(values[name]) for name in names] for values in chosen]).reshape(
            len(chosen), len(names))

    def spans(self):
        """Who ran which trial and when, as Spans; a trial under way goes on until now."""
        ends = [self.ended[trial.number] for trial in self.trials]
        over = [Span(trial.worker, max(end - trial.seconds, 0.0), end, kind)
                for trial, end, kind in zip(self.trials, ends, self.kinds)]
        return over + [Span(None, since - self.start, self.now, "running") for _, _, since in self.results.running]


def lanes(spans):
    """The row of each Span. A worker that came when another one had gone takes its row; so does a trial under way."""
    known = [span for span in spans if span.worker is not None]
    begun = {worker: min(s.begun for s in known if s.worker == worker) for worker in {s.worker for s in known}}
    rows, free_at = {}, []
    for worker in sorted(begun, key=begun.get):
        rows[worker] = _take(free_at, begun[worker], max(s.ended for s in known if s.worker == worker))
    return [rows[s.worker] if s.worker is not None else _take(free_at, s.begun, np.inf) for s in spans]


def _take(free_at, begun, until, slack=0.2):
    """The first row that is free at `begun`, from now on taken until `until`."""
    row = next((row for row, end in enumerate(free_at) if end <= begun + slack), len(free_at))
    free_at[row:row + 1] = [until]
    return row


def room_for(seconds):
    """How many seconds a picture shows so that some fit: of a few round numbers, so that it seldom changes."""
    return next((width for width in WIDTHS if width >= seconds), seconds)


def ticks(distribution):
    """(places from 0 to 1, labels) along a side of the board: powers of ten, round numbers, or the options."""
    if not distribution.ordered:
        options = distribution.options
        return [distribution.place(option) for option in options], [str(option) for option in options]
    low, high = distribution.low, distribution.high
    if type(distribution).__name__ == "log_uniform":
        values = powers(low, high)
    else:
        step = 10.0 ** np.floor(np.log10((high - low) / 2))
        step = next(step * factor for factor in (1, 2, 5) if (high - low) / (step * factor) <= MOST_TICKS - 1)
        values = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step + 0.0
    return [distribution.place(value) for value in values], [f"{value:.3g}" for value in values]


def powers(low, high):
    """Powers of ten between two numbers, as many as there is room for; both ends where there are fewer than two."""
    first, last = int(np.ceil(np.log10(low) - 1e-9)), int(np.floor(np.log10(high) + 1e-9))
    if last - first < 1:
        return np.array([low, high])
    return 10.0 ** np.arange(first, last + 1, -(-(last - first + 1) // MOST_TICKS))
