"""Which instruments a training panel shows: those that fit the network."""

from cs231n_helpers.plots.panel import cockpit
from cs231n_helpers.train import watch

WITH_PICTURES = "LLLAAA;FFHHGG;FFRRDD"
PICTURES_ONLY = "LLLAAA;FFFRRR"
LAYERS_ONLY = "LLLAAA;HHHGGG;RRRDDD"
NEITHER = "LLLAAA;GGGRRR"
PLACES, COLUMNS = 40, 5


def layout_for(networks, data, history):
    """Return (mosaic, figure size, function that draws on the axes) for the networks that may come, the first being
    the one whose `history` there is."""
    networks = list(networks)
    pictures = history.moments[0].reading.filters
    hidden = any(layer.kind in watch.ACTIVE for network in networks for _, layer, *_ in network.walk())
    mosaic = {(True, True): WITH_PICTURES, (True, False): PICTURES_ONLY, (False, True): LAYERS_ONLY,
              (False, False): NEITHER}[pictures is not None, hidden]  # fmt: skip
    titles = list(data.class_names) if _one_for_each_class(networks, data) else None
    places = len(titles) if titles else PLACES
    shape = (8, 8, 1) if pictures is None else pictures.shape[1:]

    def draw(axes):
        return cockpit(axes, places, COLUMNS, titles, shape, history.loss_limits)

    return mosaic, (8.4, 6.4 if hidden else 4.9), draw


def _one_for_each_class(networks, data):
    """Whether every picture belongs to a class: there is one layer of weights."""
    names = [[name for name in network.shapes() if watch.is_weight(name)] for network in networks]
    return all(len(found) == 1 for found in names) and len(data.class_names) == networks[0].out_shapes[-1][-1] <= PLACES
