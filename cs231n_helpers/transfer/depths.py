"""Which arrays stay as they are, and how fast the others move, by depth."""

from cs231n_helpers import checks


def units(network):
    """[("conv1", "bn1"), ("fire1",), ..., ("dense1",)]: what is frozen and counted as one, from the input up.

    A layer with weights begins a unit; normalisation after it belongs to it; a block is one. The last is the head.
    """
    found = []
    for name, layer, shape in zip(network.names, network.layers, network.in_shapes):
        keys = layer.weights(shape)
        if any(key.rpartition(".")[2] == "W" for key in keys) or (keys and not found):
            found.append((name,))
        elif keys:
            found[-1] += (name,)
    return found


def freeze(network, params, upto, stored=False):
    """The names of the arrays that stay as they are: those of all layers from the input up to and including `upto`.

    upto : the name of a layer of the network; or how many of its `units`: 2 are the lowest two, -1 all but the head, -3
        all but the head and two more, 0 none.
    stored : True: batch norms above use their stored statistics too, which a small set of images measures badly.
    Give it to train.epochs(..., frozen=...). Batch norms in what is frozen use their stored statistics, and below the
    lowest layer that learns no gradient is computed: a step takes about a third of the time there.
    """
    names = _upto(network, upto)
    frozen = [key for key in network.shapes() if key in params and key.partition(".")[0] in names]
    learned = set(network.trainable())
    frozen += [key for key in network.shapes() if stored and key not in learned and key not in frozen]
    return tuple(frozen)


def _upto(network, upto):
    """The names of the layers."""
    if isinstance(upto, str):
        checks.one_of("freeze", "upto", upto, network.names)
        return set(network.names[:network.names.index(upto) + 1])
    count = len(units(network))
    upto = checks.whole("freeze", "upto", upto, low=-count, high=count)
    return {name for unit in units(network)[:upto] for name in unit}


def depths(network):
    """{name of an array that is learned: 0 in the head, 1 in the unit below it, ...}."""
    place = {name: depth for depth, unit in enumerate(reversed(units(network))) for name in unit}
    return {key: place[key.partition(".")[0]] for key in network.trainable()}


def rates(network, factor):
    """{name of an array: what the learning rate is multiplied by}, for train.epochs(..., rates=...).

    factor : a number: 1 for the head, `factor` for the unit below it, factor ** 2 for the next ... Or {name: number}
        for some layers, blocks or arrays; the others get 1.
    What is pretrained is nearly right and needs small steps; the head is new and needs large ones.
    """
    if not isinstance(factor, dict):
        checks.real("rates", "factor", factor, above=0)
        return {key: float(factor) ** depth for key, depth in depths(network).items()}
    known = network.trainable()
    found = dict.fromkeys(known, 1.0)
    for name, value in factor.items():
        checks.real("rates", f"the factor of {name}", value, above=0)
        mine = [key for key in known if key == name or key.startswith(f"{name}.")]
        if not mine:
            raise ValueError(f"rates: there is no layer or array {name!r} that learns. There are "
                             f"{', '.join(name for unit in units(network) for name in unit)}.")
        found.update(dict.fromkeys(mine, float(value)))
    return found


def plan(network, params, upto=0, factor=1.0, stored=True):
    """{"frozen": names, "rates": factors}, as `freeze` and `rates` give them: settings of train.epochs, and the third
    thing that the function of a TrainingPanel may return."""
    return {"frozen": freeze(network, params, upto, stored), "rates": rates(network, factor)}
