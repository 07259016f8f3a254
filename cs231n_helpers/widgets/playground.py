"""`Playground`: a small network learns to tell points in the plane apart, and one can see how."""

from cs231n_helpers import data
from cs231n_helpers.layers import Dense, LeakyReLU, ReLU, Sigmoid, Tanh
from cs231n_helpers.network import Network
from cs231n_helpers.plots.playground import playground
from cs231n_helpers.train.session import Session
from cs231n_helpers.train.settings import Settings
from cs231n_helpers.train.surface import COARSE, MOST_UNITS, REACH, surface

from .controls import log, make_control
from .training_controls import LABELS, strength
from .training_live import LiveTraining
from .training_words import listed

ACTIVATIONS = {"relu": ReLU(), "tanh": Tanh(), "sigmoid": Sigmoid(), "leaky relu": LeakyReLU()}
SETS = ["spiral", "circles", "blobs", "moons"]
LAYERS = 3
EPOCHS, BATCH = 200, 30
SLOWLY = 0.001  # seconds of rest after each step: one is to see how it learns
CONTROLS = {
    "data_set": SETS, "noise": (0.0, 0.4, 0.02), "layers": (0, LAYERS), "units": (1, MOST_UNITS),
    "activation": list(ACTIVATIONS), "learning_rate": log(1e-3, 1e1), "l2": log(1e-5, 1e0),
}  # fmt: skip


class Playground(LiveTraining):
    """Points in the plane, a network of `layers` hidden layers with `units` units each, and what it makes of them.

    All arguments are where the controls start. A left end of `l2` is no penalty. `warm_up`: epochs that are trained at
    once, when the cell runs. Training is Momentum with batches of 30, slowed down so that one can watch. Buttons,
    rewind and results are those of a TrainingPanel.
    """

    def __init__(self, data_set="spiral", *, noise=0.04, layers=2, units=8, activation="tanh", learning_rate=10**-1.5,
                 l2=0.0, seed=0, warm_up=20):  # fmt: skip
        starts = {"data_set": data_set, "noise": noise, "layers": layers, "units": units, "activation": activation,
                  "learning_rate": learning_rate, "l2": l2 or CONTROLS["l2"].low}  # fmt: skip
        controls = {name: make_control(name, spec, starts[name]) for name, spec in CONTROLS.items()}
        controls["l2"].description = LABELS["l2"]
        self._points = {}
        super().__init__(controls, warm_up, seed)

    def _session(self, chosen, seed):
        split = self._split(chosen)
        settings = Settings(chosen["learning_rate"], strength(self.controls["l2"], chosen["l2"]), BATCH, "Momentum",
                            epochs=EPOCHS, seed=seed)  # fmt: skip
        session = Session(network_for(chosen, len(split.class_names)), split, settings, extra=surface)
        session.rest = SLOWLY
        return session

    def _split(self, chosen):
        """Return the points of a setting; the newest are kept, as one slider moves while another picture is drawn."""
        key = chosen["data_set"], chosen["noise"]
        if key not in self._points:
            self._points = {key: data.load(key[0], noise=key[1], seed=self._seed)}
        return self._points[key]

    def _layout(self):
        def draw(axes, **values):
            show = playground(axes, REACH, COARSE, LAYERS, MOST_UNITS)

            def update(**values):
                history, at = self._at(values)
                split = self._split(values)
                return show(history, at, self._words(), split.X_train, split.y_train, EPOCHS)

            update(**values)
            return update

        draw.__doc__ = ("Points of two or three classes. Left: the class the network says at every place, the paler "
                        "the less certain. Right: its loss, and where in the plane each hidden unit answers, blue "
                        "above 0 and orange below. The learning rate acts at once, all else at the next "
                        "Start.")  # fmt: skip
        return "SSSSLLLL;SSSSHHHH", (8.4, 4.6), draw

    def _words(self):
        waiting = self._waiting()
        values = {**self._at_start, "learning_rate": self.shown.rate, "l2": self.shown.settings.l2}
        return (f"at next Start: {listed(waiting)}   ·   shown: " if waiting else "") + listed(values)


def network_for(values, classes):
    """Return the network that the controls of a Playground describe."""
    hidden = [layer for _ in range(values["layers"])
              for layer in (Dense(values["units"]), ACTIVATIONS[values["activation"]])]  # fmt: skip
    return Network([*hidden, Dense(classes)], (2,))
