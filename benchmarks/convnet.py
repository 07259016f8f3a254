"""A training step of two ConvNets, and single convolutions, float32, batch 64, against PyTorch on the CPU.

    python benchmarks/convnet.py            # about ten minutes; --quick with fewer turns, to see that it runs

The nets are the 7x7x32 net of CS231n's homework (CONV 7x7 with 32 filters, POOL, FC100, FC10) and
[3x3x32]*2-POOL-[3x3x64]*2-POOL-FC128-FC10, on images of 32x32x3. A step is forward, softmax loss, backward, SGD. PyTorch
takes part in both of its memory layouts; the better one counts. It lives in an environment of its own, named by
TORCH_PYTHON (see mlp.py). The other rival is the im2col of the homework, written afresh: NCHW, the whole batch at once.
"""

import os
import statistics
import sys
import time
import tracemalloc

import compare
import numpy as np

BATCH, LR, QUICK = 64, 1e-3, "--quick" in sys.argv[1:]
TURNS = 3 if QUICK else 15
RELU, POOL, FLATTEN = ("relu", ()), ("pool", ()), ("flatten", ())
NETS = {
    "7x7x32": [("conv", (7, 7, 3, 32)), RELU, POOL, FLATTEN, ("dense", (8192, 100)), RELU, ("dense", (100, 10))],
    "four 3x3": [("conv", (3, 3, 3, 32)), RELU, ("conv", (3, 3, 32, 32)), RELU, POOL,
                 ("conv", (3, 3, 32, 64)), RELU, ("conv", (3, 3, 64, 64)), RELU, POOL, FLATTEN,
                 ("dense", (4096, 128)), RELU, ("dense", (128, 10))],
}  # fmt: skip
LAYERS = [(3, 32, 32, 3), (32, 32, 32, 3), (32, 64, 16, 3), (64, 64, 16, 3), (3, 32, 32, 7)]    # C, F, H = W, KH = KW


def _given(name, default):
    """A setting for the child process, from its environment."""
    return os.environ.get(f"CONVNET_{name}", default)


def _random(*shape):
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


# ---------------------------------------------------------------------------------------------------- training steps
def step_ours():
    """The whole step on ops alone."""
    from cs231n_helpers import losses, ops
    net = NETS[_given("NET", "four 3x3")]
    params = [(0.05 * _random(*shape), np.zeros(shape[-1], np.float32)) if shape else () for _, shape in net]
    X, y = _random(BATCH, 32, 32, 3), np.random.default_rng(1).integers(0, 10, BATCH)
    call = {"conv": lambda x, W, b: ops.conv2d(x, W, b, pad=len(W) // 2), "dense": ops.affine, "relu": ops.relu,
            "pool": lambda x: ops.max_pool2d(x, 2),
            "flatten": lambda x: (x.reshape(len(x), -1), lambda dy: (dy.reshape(x.shape),))}

    def step():
        x, backs, grads = X, [], []
        for (kind, _), arrays in zip(net, params):
            x, back = call[kind](x, *arrays)
            backs.append(back)
        loss, back = losses.softmax(x, y)
        [dx] = back()
        for back in backs[:0:-1]:
            dx, *own = back(dx)
            grads.append(own)
        grads.append(backs[0](dx, input_gradient=False)[1:])                    # the images' gradient nobody needs
        params[:] = [tuple(w - LR * dw for w, dw in zip(arrays, own)) for arrays, own in zip(params, reversed(grads))]
        assert np.isfinite(loss)

    return step


def step_torch():
    """The same with torch.nn and torch.optim."""
    import torch
    from torch import nn
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    layout = getattr(torch, _given("LAYOUT", "channels_last"))
    make = {"conv": lambda k, _, c, f: nn.Conv2d(c, f, k, padding=k // 2), "dense": nn.Linear, "relu": nn.ReLU,
            "pool": lambda: nn.MaxPool2d(2), "flatten": nn.Flatten}
    net = nn.Sequential(*(make[kind](*shape) for kind, shape in NETS[_given("NET", "four 3x3")]))
    net = net.to(memory_format=layout)
    X, y = torch.from_numpy(_random(BATCH, 3, 32, 32)).to(memory_format=layout), torch.randint(0, 10, (BATCH,))
    optimiser = torch.optim.SGD(net.parameters(), LR)

    def step():
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(net(X), y)
        loss.backward()
        optimiser.step()
        assert np.isfinite(loss.item())

    return step


# ------------------------------------------------------------------------------------------------------- single layers
def _layer():
    C, F, size, K = (int(n) for n in _given("LAYER", "32,32,32,3").split(","))
    return C, F, size, K, int(_given("BATCH", BATCH))


def layer_ours():
    """conv2d forward and backward; no input gradient for three channels: that is a first layer."""
    from cs231n_helpers import ops
    C, F, size, K, batch = _layer()
    x, W, b, dy = _random(batch, size, size, C), _random(K, K, C, F), _random(F), _random(batch, size, size, F)
    return lambda: ops.conv2d(x, W, b, pad=K // 2)[1](dy, input_gradient=C > 3)


def layer_torch():
    """nn.Conv2d forward and backward."""
    import torch
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    C, F, size, K, batch = _layer()
    layout = getattr(torch, _given("LAYOUT", "channels_last"))
    conv = torch.nn.Conv2d(C, F, K, padding=K // 2).to(memory_format=layout)
    x, dy = (torch.from_numpy(_random(batch, n, size, size)).to(memory_format=layout) for n in (C, F))
    x.requires_grad_(C > 3)

    def run():
        conv.zero_grad()
        x.grad = None
        conv(x).backward(dy)

    return run


def layer_homework():
    """The homework's way: NCHW, one matrix of all windows of the batch by fancy indices, kept for the backward pass."""
    C, F, size, K, batch = _layer()
    x, w, b, dy = _random(batch, C, size, size), _random(F, C, K, K), _random(F), _random(batch, F, size, size)
    p, H = K // 2, size
    i = np.repeat(np.arange(K), K)[None].repeat(C, 0).reshape(-1, 1) + np.repeat(np.arange(H), H)
    j = np.tile(np.arange(K), K * C).reshape(-1, 1) + np.tile(np.arange(H), H)
    k = np.repeat(np.arange(C), K * K).reshape(-1, 1)

    def run():
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        cols = xp[:, k, i, j].transpose(1, 2, 0).reshape(C * K * K, -1)                     # (C K K, H H N)
        y = (w.reshape(F, -1) @ cols + b[:, None]).reshape(F, H, H, batch).transpose(3, 0, 1, 2)
        rows = dy.transpose(1, 2, 3, 0).reshape(F, -1)
        dw, db = (rows @ cols.T).reshape(w.shape), rows.sum(axis=1)
        dxp, dcols = np.zeros_like(xp), (w.reshape(F, -1).T @ rows).reshape(C * K * K, -1, batch).transpose(2, 0, 1)
        np.add.at(dxp, (slice(None), k, i, j), dcols)
        return y, dxp[:, :, p:-p, p:-p], dw, db

    return run


# ---------------------------------------------------------------------------------------------------------- the tables
def _threads(n):
    return dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(n))


def against_torch(ours, rival, what, env):
    """The row against PyTorch's better layout: the one with the larger ratio."""
    rows = [compare.compare(__file__, ours, rival, f"{what} ({layout})", 1.0, turns=TURNS,
                            env={**env, "CONVNET_LAYOUT": layout}, rival_python=os.environ.get("TORCH_PYTHON"))
            for layout in ("channels_last", "contiguous_format")]
    return max(rows, key=lambda row: row.value or 0)


def growth():
    """How the time of one layer grows: batch, size, channels; median of a few runs in this process, ms an image."""
    print("\n| C -> F, size, batch | ms | ms an image | GFLOP/s as if multiplied plainly |\n|---|---|---|---|")
    for C, F, size, batch in [(32, 32, 32, 8), (32, 32, 32, 64), (32, 32, 32, 256), (32, 32, 16, 64), (32, 32, 64, 64),
                              (8, 8, 32, 64), (16, 16, 32, 64), (64, 64, 32, 64), (128, 128, 32, 64)]:
        os.environ |= {"CONVNET_LAYER": f"{C},{F},{size},3", "CONVNET_BATCH": str(batch)}
        run, times = layer_ours(), []
        for _ in range(TURNS // 2 + 2):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        best = statistics.median(times[1:])
        work = 3 * 2 * 9 * C * F * size * size * batch
        print(f"| {C} -> {F}, {size}x{size}, {batch} | {1e3 * best:.1f} | {1e3 * best / batch:.3f} | "
              f"{work / best / 1e9:.0f} |")


def memory():
    """Peak of what a step allocates, against the activations (the outputs of all layers)."""
    from cs231n_helpers import ops
    print("\n| net | activations | peak of a step | ratio | left after it |\n|---|---|---|---|---|")
    for name, net in NETS.items():
        os.environ["CONVNET_NET"] = name
        size, count = 32, 0
        for kind, shape in net:
            size //= 2 if kind == "pool" else 1
            channels = shape[-1] if kind == "conv" else 0
            width = channels or (width if kind in ("relu", "pool") and not flat else 0) if kind != "dense" else 0
            flat = kind in ("flatten", "dense") or (kind != "conv" and not width)
            units = shape[1] if kind == "dense" else 0
            count += size * size * width if width else units
        step = step_ours()
        step()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        step()
        after, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        own = 4 * BATCH * count / 1e6
        print(f"| {name} | {own:.1f} MB | {(peak - before) / 1e6:.1f} MB | {(peak - before) / 1e6 / own:.2f} | "
              f"{(after - before) / 1e6:.2f} MB |")
    assert ops


def main():
    """Measure all rows and print them."""
    rows = []
    for n in (1, 2):
        rows += [against_torch("step_ours", "step_torch", f"step of {name}, threads: {n}",
                               {**_threads(n), "CONVNET_NET": name}) for name in NETS]
        rows += [against_torch("layer_ours", "layer_torch", f"{K}x{K}, {C} -> {F} at {size}x{size}, threads: {n}",
                               {**_threads(n), "CONVNET_LAYER": f"{C},{F},{size},{K}"}) for C, F, size, K in LAYERS]
        rows.append(compare.compare(__file__, "layer_ours", "layer_homework", "3x3, 32 -> 32 at 32x32, the homework's "
                                    f"im2col, threads: {n}", 0.2, turns=3, env=_threads(n)))
    compare.print_table(rows)
    growth()
    memory()


if __name__ == "__main__":
    main()
