"""`SearchBoard`: a search for good settings that goes on in the background, by this process or by many workers."""

import os

from cs231n_helpers import threads
from cs231n_helpers.plots import search as plots
from cs231n_helpers.search.record import lanes, room_for, ticks
from cs231n_helpers.search.session import SAMPLERS, Session

from .controls import make_control
from .live import LivePanel
from .search_words import leaders, progress, said_html, verdict

MOST_WORKERS = 4
COLUMNS = 4  # settings in the table of the leaders
MOSAIC = ";".join(["BBBBPPPP"] * 5 + ["BBBBLLLL"] * 4 + ["KKKKKKKK"] + ["WWWWWWWW"] * 3)
LABELS = {"stop_early": "stop hopeless trials early"}


class SearchBoard(LivePanel):
    """Search a space of settings with `objective(values, seed)`, and watch it.

    Parameters
    ----------
    objective : a function such as search.Training(...), which worker processes can be given
        Returns the score of a trial, higher is better, or yields one after the other.
    space : {name: search.log_uniform(low, high), search.uniform(low, high) or search.choice(options)}, two at least
        The first two are the sides of the board; with more there are menus to choose.
    trials, sampler, workers, stop_early : where the controls start
        `workers` processes train, 0: this one. A grid takes as many points as `trials` allow.
    seed : of the draws and of the trainings.
    warm_up : trials that are carried out at once, when the cell runs, in this process: the first picture.
    path : a journal on the disk; a search that finds it there goes on with it.
    scores, digits : ends of the scale of colours, and how a score is written.

    `start`, `stop` and `reset` are the buttons. `results` is the newest search.Results, `verdict` the words.
    """

    buttons_shown = ("start", "stop", "reset")
    tips = {"start": "Search with the settings below, in the background",  # noqa: RUF012  read only
            "stop": "End this search and its workers; the trials that have ended stay"}  # fmt: skip
    failure = "The search ended with an error."

    def __init__(self, objective, space, *, trials=30, sampler="random", workers=0, stop_early=False, seed=0,
                 warm_up=12, path=None, scores=(0, 1), digits=".1%", title=""):  # fmt: skip
        if len(space) < 2:
            raise ValueError(f"SearchBoard: the board has two sides, give two settings at least, got {list(space)}.")
        self.objective, self.space, self._path, self._limits = objective, dict(space), path, scores
        self._digits, self._title = digits, f"{title}:  " if title else ""
        specs = {"sampler": (list(SAMPLERS), sampler), "workers": ((0, MOST_WORKERS), workers),
                 "trials": ((4, max(60, trials)), trials), "stop_early": (True, stop_early)}  # fmt: skip
        if len(space) > 2:
            specs |= {side: (list(space), list(space)[i]) for i, side in enumerate(("across", "up"))}
        controls = {name: make_control(name, spec, start) for name, (spec, start) in specs.items()}
        for name, label in LABELS.items():
            controls[name].description = label
        super().__init__(controls, warm_up, seed)

    # ------------------------------------------------------------------------------------------- runs
    def _chosen(self):
        """The settings of a search; what stands on the board's sides is no matter of the next Start."""
        return {name: value for name, value in super()._chosen().items() if name not in ("across", "up")}

    def _session(self, chosen, seed, path=None):
        return Session(self.objective, self.space, chosen["sampler"], chosen["trials"], chosen["workers"],
                       chosen["stop_early"], seed=seed, path=path)  # fmt: skip

    def _begin(self):
        return self._session(self._at_start, self._seed, self._path)

    def _warm(self, trials):
        """Search shortly, here and now: the same on every machine."""
        session = self._session(self._at_start | {"workers": 0}, self._seed)
        with threads.limit(1):
            while session.taken < trials and session.advance():
                continue
        session.close()
        self._warmed = session

    @property
    def results(self):
        """The newest Results; None once the board is closed."""
        return self.shown and self.shown.record.results

    @property
    def verdict(self):
        """(kind, sentence): what the board says."""
        return verdict(self.shown.record, self._written)

    def _forget(self):
        super()._forget()
        self.objective, self.draw = None, None

    # ------------------------------------------------------------------------------------------- pictures and words
    def _at(self, values):
        """Return the Record that the rewind slider stands at."""
        record = self.shown.record
        return record.at(round(values["moment"] / 100 * len(record)))

    def _layout(self):
        def draw(axes, **values):
            parts = [self._board(axes["B"]), self._progress_part(axes["P"]), self._leaders_part(axes["L"]),
                     self._strips_part(axes["W"])]  # fmt: skip
            plots.key_of_states(axes["K"])

            def update(**values):
                record = self._at(values)
                changed = [part(record, values) for part in parts]
                return None if None in changed else [artist for part in changed for artist in part]

            update(**values)
            return update

        draw.__doc__ = ("A search for good settings. Left: a dot for each trial, at its place between the ends of two "
                        "settings; its colour is the score. Right: every score with the best so far, and the leaders. "
                        "Below: which worker ran which trial, and when. All settings wait for the next "
                        "Start.")  # fmt: skip
        return MOSAIC, (8.4, 6.2), draw

    def _sides(self, values):
        names = list(self.space)
        return values.get("across", names[0]), values.get("up", names[1])

    def _board(self, ax):
        show = plots.board(ax, self._limits)

        def update(record, values):
            names = self._sides(values)
            edges = [(side, end) for name, end in record.border.items()
                     for side, other in zip(("across", "up"), names, strict=True) if other == name]  # fmt: skip
            return show(record.places(*names), record.scores, record.kinds, record.best, record.running(*names), edges,
                        self._title + self._words(), tuple(name.replace("_", " ") for name in names),
                        tuple(ticks(self.space[name]) for name in names))  # fmt: skip

        return update

    def _progress_part(self, ax):
        show = plots.progress(ax, self._limits)

        def update(record, values):
            best = record.best
            said = "no score yet" if best is None else f"best of {len(record)}: {self._written(record.scores[best])}"
            return show(record.scores, record.best_so_far, self.shown.total, said)

        return update

    def _leaders_part(self, ax):
        show = plots.leaders(ax)
        return lambda record, values: show(*leaders(record, list(self.space)[:COLUMNS], self._written))

    def _strips_part(self, ax):
        show = plots.strips(ax)

        def update(record, values):
            spans = record.spans()
            rows = lanes(spans)
            here = {row for row, span in zip(rows, spans, strict=True) if span.worker == os.getpid()}
            names = ["kernel" if row in here else f"worker {row + 1}" for row in range(max(rows, default=-1) + 1)]
            return show(rows, [s.begun for s in spans], [s.ended for s in spans], [s.kind for s in spans],
                        names[: plots.WORKERS], room_for(self.shown.record.now))  # fmt: skip

        return update

    def _words(self):
        waiting = self._waiting()
        later = f"at next Start: {self._listed(waiting)}    ·    shown: " if waiting else ""
        return later + self._listed(self._at_start)

    @staticmethod
    def _listed(values):
        """Return settings in one line: "random, 30 trials, 2 workers"."""
        words = {"sampler": "{}", "trials": "{} trials", "workers": "{} workers"}
        found = [words[name].format(value) for name, value in values.items() if name in words]
        if "stop_early" in values:
            found += ["hopeless ones stopped"] if values["stop_early"] else ["none stopped"]
        return ", ".join(found).replace(" 1 workers", " 1 worker").replace(" 0 workers", " in this process")

    def _written(self, score):
        return format(score, self._digits)

    def _progress(self):
        return progress(self.state, self.shown.record, self.shown.total)

    def _verdict_html(self, live):
        return said_html(self.shown.record, self._written, live)
