"""What a network of two inputs makes of the plane: its classes everywhere, and where each hidden unit answers."""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import losses

from .watch import ACTIVE

FINE, COARSE = 120, 28               # places along each side, for the classes and for the hidden units
REACH = 1.5                         # the plane is shown from -REACH to REACH, both ways
MOST_UNITS = 8                      # units of a layer that are kept


@dataclass(frozen=True, eq=False)
class Surface:
    """Of one moment. Rows go upwards, as y does."""

    labels: np.ndarray                                              # (FINE, FINE) uint8: the likeliest class
    certain: np.ndarray                                             # (FINE, FINE) uint8: 0 is a guess, 255 certain
    hidden: dict                                                    # {"relu1": (units, COARSE, COARSE) int8}


@np.errstate(over="ignore", invalid="ignore")
def surface(network, params):
    """The Surface of a network with two inputs. What is not finite counts as equal chances, and as no answer.

    Hidden units: outputs scaled so that each one's farthest from 0 is 127 or -127.
    """
    scores = network.predict(params, plane(FINE), FINE**2)
    sane = np.isfinite(scores).all()
    chances = losses.probabilities(scores) if sane else np.full(scores.shape, 1 / scores.shape[1])
    guess = 1 / scores.shape[1]
    certain = (chances.max(axis=1) - guess) / (1 - guess)
    outputs = network.activations(params, plane(COARSE))
    hidden = {name: _answers(outputs[name]) for name, layer in zip(network.names, network.layers)
              if layer.kind in ACTIVE}
    return Surface(chances.argmax(axis=1).reshape(FINE, FINE).astype(np.uint8),
                   np.round(255 * certain.clip(0, 1)).reshape(FINE, FINE).astype(np.uint8), hidden)


def plane(places):
    """Points of a square grid over the plane, (places ** 2, 2), row by row from below."""
    sides = (np.arange(places) + 0.5) / places * 2 * REACH - REACH
    return np.stack(np.meshgrid(sides, sides), axis=-1).reshape(-1, 2).astype(np.float32)


def _answers(outputs):
    units = np.nan_to_num(outputs[:, :MOST_UNITS].T, posinf=0.0, neginf=0.0)                # (units, COARSE ** 2)
    largest = np.abs(units).max(axis=1, keepdims=True)
    return (127 * units / np.maximum(largest, 1e-12)).astype(np.int8).reshape(-1, COARSE, COARSE)
