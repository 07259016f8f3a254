"""One forward pass of SqueezeNet 1.1 and EfficientNet-Lite0, float32, for 1 and 16 images, against PyTorch on the CPU.

    python benchmarks/pretrained.py         # about ten minutes; --quick with fewer turns, --profile layer by layer

Random weights: the time does not depend on them. Both sides with batch norm folded into the convolutions, as one does
for a network that only answers; ours also changes the scale of the pixels, PyTorch's does not. PyTorch takes part in
both of its memory layouts, the one it has unasked and the one that suits pictures. It lives in an environment of its
own, named by TORCH_PYTHON (see mlp.py).
"""

import os
import statistics
import sys
import time

import compare
import numpy as np

QUICK = "--quick" in sys.argv[1:]
TURNS = 5 if QUICK else 15
ALONE = 8                                       # passes of a turn for one image: a single one is too short to time
ROWS = [("squeezenet", 128, 0.6), ("efficientnet", 96, 1.0), ("efficientnet", 224, 1.0)]        # net, size, aim
FIRES = [(16, 64), (16, 64), "pool", (32, 128), (32, 128), "pool", (48, 192), (48, 192), (64, 256), (64, 256)]
STAGES = [(1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3), (6, 5, 2, 192, 4),
          (6, 3, 1, 320, 1)]                                    # expansion, kernel, stride, filters, blocks


def _given(name, default):
    """A setting for the child process, from its environment."""
    return os.environ.get(f"PRETRAINED_{name}", default)


def _images():
    size, count = int(_given("SIZE", 128)), int(_given("COUNT", 1))
    return np.random.default_rng(0).random((count, size, size, 3), dtype=np.float32)


def _passes(run, count):
    def turn():
        for _ in range(ALONE if count == 1 else 1):
            run()

    return turn


def same(kernel, stride):
    """(before, after): TensorFlow's padding 'SAME' for sizes that the stride divides."""
    return ((kernel - stride) // 2, kernel - stride - (kernel - stride) // 2)


def blocks():
    """(channels, expansion, kernel, stride, filters) of each block of EfficientNet-Lite0."""
    channels = 32
    for expansion, kernel, stride, filters, count in STAGES:
        for number in range(count):
            yield channels, expansion, kernel, stride if number == 0 else 1, filters
            channels = filters


# ---------------------------------------------------------------------------------------------------------------- ours
def network_of(name, size):
    """(network, params): those of `pretrained`, folded, with random weights, which nobody has to fetch."""
    from cs231n_helpers.pretrained import efficientnet, folded, squeezenet_1_1
    module = {"squeezenet": squeezenet_1_1, "efficientnet": efficientnet}[name]
    network = module.architecture((size, size, 3))
    return folded(network, network.init(np.random.default_rng(0)))


def ours():
    """Network.predict, as the course calls it, with the change of scale that comes first."""
    X = _images()
    network, params = network_of(_given("NET", "squeezenet"), X.shape[1])
    assert np.isfinite(network.predict(params, X)).all()
    return _passes(lambda: network.predict(params, X), len(X))


# ------------------------------------------------------------------------------------------------------------- PyTorch
def torch_squeezenet():
    """The same of torch.nn."""
    import torch
    from torch import nn

    class Fire(nn.Module):
        def __init__(self, channels, narrow, wide):
            super().__init__()
            self.narrow, self.relu = nn.Conv2d(channels, narrow, 1), nn.ReLU(inplace=True)
            self.one, self.three = nn.Conv2d(narrow, wide, 1), nn.Conv2d(narrow, wide, 3, padding=1)

        def forward(self, x):
            x = self.relu(self.narrow(x))
            return torch.cat([self.relu(self.one(x)), self.relu(self.three(x))], 1)

    pool, channels = nn.MaxPool2d(3, 2, ceil_mode=True), 64
    found = [nn.Conv2d(3, 64, 3, 2), nn.ReLU(inplace=True), pool]
    for fire in FIRES:
        found.append(pool if fire == "pool" else Fire(channels, *fire))
        channels = channels if fire == "pool" else 2 * fire[1]
    return nn.Sequential(*found, nn.Conv2d(channels, 1000, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1),
                         nn.Flatten())


def torch_efficientnet():
    """The same of torch.nn; uneven padding is a layer of its own, as PyTorch's ports of these networks have it."""
    from torch import nn

    def conv(channels, filters, kernel=1, stride=1, groups=1):
        before, after = same(kernel, stride)
        even = before == after
        layer = nn.Conv2d(channels, filters, kernel, stride, padding=before if even else 0, groups=groups)
        return [layer] if even else [nn.ZeroPad2d((before, after, before, after)), layer]

    class Skip(nn.Module):
        def __init__(self, body):
            super().__init__()
            self.body = body

        def forward(self, x):
            return x + self.body(x)

    found = [*conv(3, 32, 3, 2), nn.ReLU6(inplace=True)]
    for channels, expansion, kernel, stride, filters in blocks():
        wide = channels * expansion
        body = [*conv(channels, wide), nn.ReLU6(inplace=True)] if expansion > 1 else []
        body += [*conv(wide, wide, kernel, stride, wide), nn.ReLU6(inplace=True), *conv(wide, filters)]
        found += [Skip(nn.Sequential(*body))] if stride == 1 and channels == filters else body
    return nn.Sequential(*found, *conv(320, 1280), nn.ReLU6(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(1280, 1000))


TORCH = {"squeezenet": torch_squeezenet, "efficientnet": torch_efficientnet}


def rival():
    """eval(), without gradients, in the layout that is asked for."""
    import torch
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    layout = getattr(torch, _given("LAYOUT", "channels_last"))
    network = TORCH[_given("NET", "squeezenet")]().eval().to(memory_format=layout)
    X = torch.from_numpy(_images().transpose(0, 3, 1, 2).copy()).to(memory_format=layout)

    def run():
        with torch.no_grad():
            network(X)

    run()
    return _passes(run, len(X))


# ---------------------------------------------------------------------------------------------------------- the tables
def against_torch(net, size, count, n, aim):
    """The rows against both of PyTorch's memory layouts: its faster one for pictures, and the one it has unasked."""
    env = {**dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(n)),
           "PRETRAINED_NET": net, "PRETRAINED_SIZE": str(size), "PRETRAINED_COUNT": str(count)}
    what = f"{net} {size}x{size}, images: {count}, threads: {n}"
    return [compare.compare(__file__, "ours", "rival", f"{what} ({layout})", aim, turns=TURNS,
                            env={**env, "PRETRAINED_LAYOUT": layout}, rival_python=os.environ.get("TORCH_PYTHON"))
            for layout in ("channels_last", "contiguous_format")]


def profile():
    """Every layer alone, one image: median of some runs in this process, and its rate."""
    for net, size, _ in ROWS:
        (network, params), x = network_of(net, size), np.random.default_rng(0).random((1, size, size, 3), np.float32)
        chain, own = network.chain, network.chain.own(params)
        print(f"\n| {net} {size}x{size} | output | ms | multiply-adds per ns |\n|---|---|---|---|")
        for number, bounds in chain.steps:
            name, layer, arrays = own[number]
            settings = {"bounds": bounds} if layer.cuts else {}
            times = []
            for _ in range(9):
                start = time.perf_counter()
                y = layer.apply(arrays, x, **settings)
                times.append(time.perf_counter() - start)
            work = sum(inner.multiply_adds(shape) for _, inner, shape, _ in layer.walk(x.shape[1:])
                       if inner.weights(shape) and not hasattr(inner, "layers"))
            best, x = statistics.median(times), y
            print(f"| {name} | {y.shape[1:]} | {1e3 * best:.2f} | {work / best / 1e9:.0f} |")


def main():
    """Measure all rows and print them."""
    if "--profile" in sys.argv[1:]:
        return profile()
    compare.print_table([row for n in (1, 2) for net, size, aim in ROWS for count in (1, 16)
                         for row in against_torch(net, size, count, n, aim)])


if __name__ == "__main__":
    main()
