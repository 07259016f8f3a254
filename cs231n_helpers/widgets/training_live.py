"""What every panel that trains in the background shares: a run of training, and what its controls do to it."""

from cs231n_helpers import threads
from cs231n_helpers.train.verdict import verdict

from .live import LivePanel
from .training_words import progress, verdict_html

LOOKS = (12, 60)  # moments of a warm-up: of a short and of a long one


class LiveTraining(LivePanel):
    """A panel whose picture shows a run of training.

    Whoever derives from it says `_session(chosen, seed)`, which makes a train.session.Session from the controls'
    values, and `_layout()`, which returns (axes, figure size, draw).
    """

    buttons_shown = ("start", "pause", "step", "stop", "reset")
    acts_at_once = ("learning_rate",)
    failure = "Training ended with an error."

    def __init__(self, controls, warm_up, seed):
        super().__init__(controls, warm_up, seed)
        if "learning_rate" in self.controls:
            self.controls["learning_rate"].observe(self._rate_moved, "value")

    # ------------------------------------------------------------------------------------------- runs
    def _warm(self, epochs):
        """Train shortly, here and now: the same on every machine."""
        session = self._session(self._at_start, self._seed)
        count = min(session.total, round(epochs * session.recorder.per_epoch))
        session.every = max(1, count // min(max(count // 20, LOOKS[0]), LOOKS[1]))
        with threads.blas(1):
            for _ in range(count):
                session.advance()
            session.look()
        self._warmed = session

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

    # ------------------------------------------------------------------------------------------- buttons
    def step(self):
        """Take one step: of a paused run, or the first of a new one."""
        self._launch(self.runner.step)

    def pause(self):
        """Wait after the step that is being taken."""
        self.runner.pause()
        self._tell()

    def _rate_moved(self, change):
        session = self.runner.session
        if session is not None and self.state in ("running", "paused"):
            session.rate = change["new"]

    # ------------------------------------------------------------------------------------------- what is told
    def _at(self, values):
        """Return (history, number of the moment the rewind slider stands at)."""
        history = self.history
        return history, round(values["moment"] / 100 * (len(history.moments) - 1))

    def _progress(self):
        return progress(self.runner, self.shown)

    def _verdict_html(self, live):
        return verdict_html(*self.verdict, live)
