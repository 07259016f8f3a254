"""What every panel that trains in the background shares: the run, its buttons, and a loop that draws it."""

import math
import threading
import time

import ipywidgets as ipw

from cs231n_helpers import threads
from cs231n_helpers.train import background
from cs231n_helpers.train.runner import Runner
from cs231n_helpers.train.verdict import verdict

from .explorer import Explorer
from .figure import DRAWING
from .lifetime import replace
from .training_controls import Buttons, Progress, control_rows, rewinder
from .training_words import progress, verdict_html

CLOCK = getattr(time, "thread_time", time.perf_counter)  # seconds of computing, of this thread alone
FASTEST = 1 / 8  # seconds between two pictures at least
RESTING = 7  # times as long as a picture took to compute, the drawing rests: training needs the interpreter too
LOOKS = (12, 60)  # moments of a warm-up: of a short and of a long one


def same(one, other):
    """Compare two settings; a browser's powers of ten differ from Python's in the last digit."""
    return math.isclose(one, other, rel_tol=1e-9) if isinstance(one, float) else one == other


class LiveTraining(Explorer):
    """An explorer whose picture shows a run of training that goes on in the background.

    Whoever derives from it says `_session(chosen, seed)`, which makes a train.session.Session from the controls'
    values, and `_layout()`, which returns (axes, figure size, draw).
    """

    buttons_shown = ("start", "pause", "step", "stop", "reset")

    def __init__(self, controls, warm_up, seed):
        self._rewind, self._rewind_row, self._link = rewinder()
        self.controls = {**controls, "moment": self._rewind}
        self._seed, self._watching, self._closed, self._watcher = seed, False, False, None
        self._watch_lock = threading.Lock()
        self.runner = Runner(self._begin)
        self._warm(warm_up)
        axes, size, self.draw = self._layout()
        super().__init__(self.draw, self.controls, axes, size, "moment")
        self.add_class("cs231n-panel")
        if "learning_rate" in self.controls:
            self.controls["learning_rate"].observe(self._rate_moved, "value")
        self._tell()
        replace(self)

    # ------------------------------------------------------------------------------------------- runs
    def _chosen(self):
        """Return all settings as they stand now."""
        return {name: value for name, value in self.values.items() if name != "moment"}

    def _waiting(self):
        """Return the settings that were moved since the run was started, and wait for the next Start."""
        live = self.state in ("running", "paused")
        return {name: value for name, value in self._chosen().items()
                if not same(value, self._at_start[name]) and not (live and name == "learning_rate")}  # fmt: skip

    def _warm(self, epochs):
        """Train shortly, here and now: the same on every machine."""
        self._at_start = self._warm_values = self._chosen()
        session = self._session(self._at_start, self._seed)
        count = min(session.total, round(epochs * session.recorder.per_epoch))
        session.every = max(1, count // min(max(count // 20, LOOKS[0]), LOOKS[1]))
        with threads.limit(1):
            for _ in range(count):
                session.advance()
            session.look()
        self._warmed = session

    def _begin(self):
        """Make the session that a Start asked for; called in the background."""
        return self._session(self._at_start, self._seed)

    @property
    def shown(self):
        """The session whose history is shown: the run, or the warm-up."""
        return self.runner.session or self._warmed

    @property
    def history(self):
        """The History of the run that is shown; None once the panel is closed."""
        return self.shown and self.shown.history

    @property
    def result(self):
        """The newest Moment."""
        return self.history.last

    @property
    def params(self):
        """The newest parameters."""
        return self.shown.params

    @property
    def network(self):
        """The network they belong to."""
        return self.shown.network

    @property
    def verdict(self):
        """(kind, sentence): what the instruments say."""
        return verdict(self.history)

    @property
    def state(self):
        """ "ready", "running", "paused", "stopped", "finished" or "failed"."""
        return self.runner.state

    # ------------------------------------------------------------------------------------------- buttons
    def start(self):
        """Begin a run with the present settings, or go on with a paused one."""
        self._launch(self.runner.start)

    def step(self):
        """Take one step: of a paused run, or the first of a new one."""
        self._launch(self.runner.step)

    def _launch(self, go):
        if self.state == "running":
            return
        if self.state != "paused":
            self._at_start = self._chosen()
        self._show_buttons("running")  # first of all: whoever pressed sees it
        if go():
            self._say("")
            self._rewind.value = 100
            self._watch_it()

    def pause(self):
        """Wait after the step that is being taken."""
        self.runner.pause()
        self._tell()

    def stop(self):
        """End the run; what was recorded stays."""
        self.runner.stop()
        self._tell()
        self._redraw()

    def reset(self, _=None):
        """End and forget the run; everything is as when the cell had run."""
        self.runner.reset()
        self._at_start = self._warm_values
        super().reset()
        self._tell()

    def wait(self, seconds=60.0):
        """Wait until nothing is trained or drawn any more; returns whether that is so."""
        done, watcher = self.runner.wait(seconds), self._watcher
        if done and watcher is not None and watcher is not threading.current_thread():
            watcher.join(10)
        return done

    def close(self):
        """End the thread, leave the page, let the figure go."""
        self._closed = True
        if hasattr(self, "runner"):
            self.runner.close()
        if hasattr(self, "_link"):
            self._link.close()
        with DRAWING:
            super().close()
        self._forget()

    def _forget(self):
        """Let go of everything large: IPython keeps the widget itself in its list of outputs."""
        self._warmed = None

    def _rate_moved(self, change):
        session = self.runner.session
        if session is not None and self.state in ("running", "paused"):
            session.rate = change["new"]

    # ------------------------------------------------------------------------------------------- drawing
    def _watch_it(self):
        """Draw while it trains: one loop, however many times it is asked for."""
        self._tell()
        with self._watch_lock:
            if self._watching:
                return
            self._watching = True
        self._watcher = background.go(self._pictures(), "cs231n-drawing")

    def _pictures(self):
        going = True
        while going:
            with self._watch_lock:
                going = self._watching = self.runner.is_training and not self._closed
            start = CLOCK()
            if self._closed:
                return
            if not going:
                self._arrived()
            self._redraw()
            self._tell()
            if going:
                yield max(FASTEST, RESTING * (CLOCK() - start))

    def _arrived(self):
        """Called before the last picture of a run, or of a part of it."""

    def _at(self, values):
        """Return (history, number of the moment the rewind slider stands at)."""
        history = self.history
        return history, round(values["moment"] / 100 * (len(history.moments) - 1))

    # ------------------------------------------------------------------------------------------- words and parts
    def _make_panel(self, play):
        self.buttons = Buttons({name: getattr(self, name) for name in self.buttons_shown})
        self.progress = Progress()
        rows = control_rows([control for name, control in self.controls.items() if name != "moment"])
        return ipw.VBox([self.buttons, self.progress, rows], layout=self._as_wide())

    def _caption(self):
        self.said = ipw.HTML(layout=ipw.Layout(min_height="44px"))
        return ipw.VBox([self._rewind_row, self.said, super()._caption()], layout=self._as_wide())

    def _as_wide(self):
        return ipw.Layout(width=f"{self.live.size[0]}px", max_width="100%")

    def _show_buttons(self, state):
        self.buttons.show(state)

    def _tell(self):
        """Bring buttons, progress and verdict up to date; what has not changed is not sent."""
        if self._closed:
            return
        state = self.state
        self._show_buttons(state)
        self.progress.show(*progress(self.runner, self.shown))
        if self.runner.error:
            self._say(f"Training ended with an error. {self.runner.error}")
        said = verdict_html(*self.verdict, "off" if state == "running" else "polite")
        if self.said.value != said:
            self.said.value = said
