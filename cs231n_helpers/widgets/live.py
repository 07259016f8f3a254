"""What every panel that works in the background shares: its buttons, the rewind slider, a loop that draws it."""

import math
import threading
import time

import ipywidgets as ipw

from cs231n_helpers.train import background
from cs231n_helpers.train.runner import Runner

from .explorer import Explorer
from .figure import DRAWING
from .lifetime import replace
from .training_controls import Buttons, Progress, control_rows, rewinder

CLOCK = getattr(time, "thread_time", time.perf_counter)  # seconds of computing, of this thread alone
FASTEST = 1 / 8  # seconds between two pictures at least
RESTING = 7  # times as long as a picture took to compute, the drawing rests: the work needs the interpreter too


def same(one, other):
    """Compare two settings; a browser's powers of ten differ from Python's in the last digit."""
    return math.isclose(one, other, rel_tol=1e-9) if isinstance(one, float) else one == other


class LivePanel(Explorer):
    """An explorer whose picture shows work that goes on in the background.

    Whoever derives from it says `_session(chosen, seed)`, which makes what a Runner drives from the controls' values;
    `_warm(warm_up)`, which does some of it here and now and keeps the session as `_warmed`; `_layout()`, which returns
    (axes, figure size, draw); `_progress()`, which returns (part that is over, words); and `_verdict_html(live)`.
    """

    buttons_shown = ("start", "stop", "reset")
    tips = None  # {name of a button: another tooltip}
    acts_at_once = ()  # names of settings that act on a run that is going on
    failure = "It ended with an error."

    def __init__(self, controls, warm_up, seed):
        self._rewind, self._rewind_row, self._link = rewinder()
        self.controls = {**controls, "moment": self._rewind}
        self._seed, self._watching, self._closed, self._watcher = seed, False, False, None
        self._watch_lock = threading.Lock()
        self.runner = Runner(self._begin)
        self._at_start = self._warm_values = self._chosen()
        self._warm(warm_up)
        axes, size, self.draw = self._layout()
        super().__init__(self.draw, self.controls, axes, size, "moment")
        self.add_class("cs231n-panel")
        self._tell()
        replace(self)

    # ------------------------------------------------------------------------------------------- runs
    def _chosen(self):
        """Return all settings as they stand now."""
        return {name: value for name, value in self.values.items() if name != "moment"}

    def _waiting(self):
        """Return the settings that were moved since the run was started, and wait for the next Start."""
        live = self.acts_at_once if self.state in ("running", "paused") else ()
        return {name: value for name, value in self._chosen().items()
                if not same(value, self._at_start[name]) and name not in live}  # fmt: skip

    def _begin(self):
        """Make the session that a Start asked for; called in the background."""
        return self._session(self._at_start, self._seed)

    @property
    def shown(self):
        """The session whose record is shown: the run, or the warm-up."""
        return self.runner.session or self._warmed

    @property
    def state(self):
        """ "ready", "running", "paused", "stopped", "finished" or "failed"."""
        return self.runner.state

    # ------------------------------------------------------------------------------------------- buttons
    def start(self):
        """Begin a run with the present settings, or go on with a paused one."""
        self._launch(self.runner.start)

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
        """Wait until nothing is worked on or drawn any more; returns whether that is so."""
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

    # ------------------------------------------------------------------------------------------- drawing
    def _watch_it(self):
        """Draw while it works: one loop, however many times it is asked for."""
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

    # ------------------------------------------------------------------------------------------- words and parts
    def _make_panel(self, play):
        self.buttons = Buttons({name: getattr(self, name) for name in self.buttons_shown}, self.tips)
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
        self.progress.show(*self._progress())
        if self.runner.error:
            self._say(f"{self.failure} {self.runner.error}")
        said = self._verdict_html("off" if state == "running" else "polite")
        if self.said.value != said:
            self.said.value = said
