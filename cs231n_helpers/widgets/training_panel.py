"""`TrainingPanel`: a network that is trained in the background, with all instruments on one clock."""

import ipywidgets as ipw

from cs231n_helpers import losses
from cs231n_helpers.network import Network
from cs231n_helpers.plots.runs import PINS
from cs231n_helpers.train import repeat, watch
from cs231n_helpers.train.session import Session
from cs231n_helpers.train.settings import Settings, examples

from .live import same
from .training_controls import build_controls, ends, own_controls, strength
from .training_layout import layout_for
from .training_live import LiveTraining
from .training_words import listed, pin_html

OWN = ("learning_rate", "l2", "batch", "rule", "schedule", "augment", "epochs")
REPEATS = 3


class TrainingPanel(LiveTraining):
    """Train what `build(**values)` makes, on a data.Split, and watch it.

    Parameters
    ----------
    build : function
        An ordinary function that returns a Network, or (network, params) to start from given params, or (network,
        params, plan), with frozen arrays and the rates of the others, as `transfer.plan` gives them. Its arguments
        have defaults; those named in **controls are set with controls, as in `explore`: hidden=(10, 300, 10).
    split : data.Split
        Images of bytes are centred and scaled to -1 ... 1; other arrays are taken as they are, in float32.
    loss : f(scores, y) -> (loss, back), of `losses`.
    seed : of the first weights and of the order of the examples.
    warm_up : epochs that are trained at once, when the cell runs: the first picture, and `result`.
    title : what stands before the settings, above the picture.
    few : how many training and validation examples accuracies are measured on.
    learning_rate, l2, batch, rule, schedule, augment, epochs
        A value is where the control starts, a spec of `explore` is another control, None leaves it out.
    fixed : {name: value} of settings that get no control.

    The learning rate acts on a run at once, all else at the next Start. `start`, `pause`, `step`, `stop`, `reset`,
    `pin`, `unpin` and `repeat` are the buttons. `result` is the newest Moment, `history` the History, `verdict` the
    words, `params` the weights.

    The memory of a run is bounded: at most 200 moments are kept, each some 40 KB for images of 28 x 28, of the weights
    only the 40 pictures shown; and at most 1,000 points of the loss.
    """

    buttons_shown = ("start", "pause", "step", "stop", "reset", "pin", "repeat", "unpin")

    def __init__(self, build, split, *, loss=losses.softmax, seed=0, warm_up=1, title="", fixed=None, few=500,
                 learning_rate=0.1, l2=0.0, batch=100, rule="SGD", schedule="constant", augment=False, epochs=10,
                 **controls):  # fmt: skip
        self.build, self.data, self._few, self._loss = build, examples(split), few, loss
        self._title, self._pins, self._repeats = f"{title}:  " if title else "", [], 1
        given = dict(zip(OWN, (learning_rate, l2, batch, rule, schedule, augment, epochs), strict=True))
        usual = {name: getattr(Settings(), name) for name in OWN}
        made, defaults = build_controls(build, controls)
        own, self._hidden = own_controls({name: (usual[name], given[name]) for name in OWN}, fixed or {},
                                         images=self.data.X_train.ndim == 4)  # fmt: skip
        self._hidden |= {name: value for name, value in defaults.items() if name not in made}
        super().__init__(made | own, warm_up, seed)

    # ------------------------------------------------------------------------------------------- runs
    def _chosen(self):
        values = self._hidden | super()._chosen()
        return values | {"l2": strength(self.controls.get("l2"), values["l2"])}

    def _session(self, chosen, seed):
        own = {name: chosen[name] for name in OWN}
        network, params, plan = self._build(chosen)
        return Session(network, self.data, Settings(**own, seed=seed), loss=self._loss, params=params, few=self._few,
                       **plan)

    def _build(self, chosen):
        """Return (network, params or None, settings of transfer) of the learner's function."""
        made = self.build(**{name: value for name, value in chosen.items() if name not in OWN})
        return (made, None, {}) if isinstance(made, Network) else (*made, {})[:3]

    def _begin(self):
        chosen, seed = self._at_start, self._seed
        if self._repeats == 1:
            return self._session(chosen, seed)
        return repeat.Repeats(lambda number: self._evenly(self._session(chosen, seed + number)), self._repeats)

    @staticmethod
    def _evenly(session):
        """Look at all runs after the same steps: between looks at different ones the band would be made up."""
        session.every = max(1, session.total // 40)
        return session

    def _possible(self):
        """Yield the networks at the start values and with every argument at its ends, as far as they can be built."""
        yield self._warmed.network
        for name, control in self.controls.items():
            for value in ends(control) if name not in (*OWN, "moment") else ():
                try:
                    yield self._build(self._at_start | {name: value})[0]
                except Exception:  # it is shown when it is really asked for
                    continue

    # ------------------------------------------------------------------------------------------- buttons
    def _launch(self, go, repeats=1):
        if self.state not in ("running", "paused"):
            self._repeats = repeats
        super()._launch(go)

    def repeat(self):
        """Train with three seeds, one after the other, and pin their band."""
        if self.state not in ("running", "paused"):
            self._launch(self.runner.start, REPEATS)

    def reset(self, _=None):
        """End and forget the run and all pinned ones; everything is as when the cell had run."""
        self._pins = []
        super().reset()

    def pin(self):
        """Keep the curves of the run that is shown behind the next ones, three at most."""
        self._keep(repeat.curve_of(self.history), self._run_words())
        self._redraw()

    def unpin(self):
        """Take all pinned curves away."""
        self._pins = []
        self._tell()
        self._redraw()

    def _keep(self, curves, name):
        self._pins = [*self._pins, {"name": name, **curves}][-PINS:]
        self._tell()

    def _arrived(self):
        session = self.runner.session
        if isinstance(session, repeat.Repeats) and session.done and not session.pinned:
            session.pinned = True
            self._keep(repeat.band_of(session.histories), f"{REPEATS} seeds of {self._run_words()}")

    def _forget(self):
        super()._forget()
        self.data, self.build, self.draw, self._pins = None, None, None, []

    # ------------------------------------------------------------------------------------------- pictures and words
    def _layout(self):
        axes, size, cockpit = layout_for(self._possible(), self.data, self.history)

        def draw(axes, **values):
            show = cockpit(axes)

            def update(**values):
                history, at = self._at(values)
                return show(history, at, self._title + self._words(), self._pins, watch.reach(history.moments),
                            history.settings.epochs)  # fmt: skip

            update(**values)
            return update

        draw.__doc__ = ("A run of training. Above: the loss of every batch (pale), its running mean and the loss on "
                        "validation images, and the accuracy on training and validation images. Below, at the dotted "
                        "line: what the network looked like at that moment. The learning rate acts on a run at once, "
                        "all else at the next Start.")  # fmt: skip
        return axes, size, draw

    def _words(self):
        """Say what the run was set to, and what the next one would be."""
        waiting = self._waiting()  # before the rest, which may leave the picture on the right
        return (f"at next Start: {listed(waiting)}    ·    shown: " if waiting else "") + self._run_words()

    def _run_words(self):
        session = self.shown
        rate = "" if same(session.rate, session.settings.learning_rate) else f" → {session.rate:.2g}"
        built = listed({name: value for name, value in self._at_start.items()
                        if name not in OWN and name in self.controls})  # fmt: skip
        return ", ".join(filter(None, [built, session.settings.words().replace(", l2", f"{rate}, l2")]))

    def _caption(self):
        self.pinned = ipw.HTML()
        box = super()._caption()
        box.children = (*box.children[:-1], self.pinned, box.children[-1])
        return box

    def _show_buttons(self, state):
        self.buttons.show(state, bool(self._pins))

    def _tell(self):
        super()._tell()
        pins = "".join(pin_html(number, pin) for number, pin in enumerate(self._pins))
        if not self._closed and self.pinned.value != pins:
            self.pinned.value = pins
