"""A training step of the two-layer network 3072-100-10, batch 200, float32, against PyTorch on the CPU.

    python benchmarks/mlp.py            # about a minute; --quick with fewer turns, to see that it runs

Both sides train one epoch a turn on the same 9,000 random images: draw an order, gather each batch, forward, softmax
loss, backward, update, read the loss. PyTorch is needed for nothing else, so it lives in an environment of its own,
whose interpreter is named by TORCH_PYTHON:

    python -m venv ENV;  ENV/bin/pip install numpy torch==2.13.0;  TORCH_PYTHON=ENV/bin/python make bench ARGS=mlp
"""

import os
import sys
from functools import partial

import compare
import numpy as np

RULE, L2 = "MLP_RULE", "MLP_L2"                            # settings for the child processes
EXAMPLES, BATCH, LR = 9000, 200, 1e-3
TURNS = 3 if "--quick" in sys.argv[1:] else 15


def _data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((EXAMPLES, 3072), dtype=np.float32), rng.integers(0, 10, EXAMPLES)


def ours():
    """train.steps, as notebooks use it."""
    from cs231n_helpers import optim, train
    from cs231n_helpers.layers import Dense, ReLU
    from cs231n_helpers.network import Network
    X, y = _data()
    net, rng = Network([Dense(100), ReLU(), Dense(10)], 3072), np.random.default_rng(1)
    rule = getattr(optim, os.environ.get(RULE, "SGD"))(LR)
    run = train.steps(net, net.init(rng), X, y, rule, batch=BATCH, rng=rng, l2=float(os.environ.get(L2, 0)))

    def epoch():
        for _ in range(EXAMPLES // BATCH):
            step = next(run)
        assert np.isfinite(step.loss)

    return epoch


def rival():
    """The same with torch.nn and torch.optim. Its weight decay is the gradient of our penalty."""
    import torch
    from torch import nn, optim
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    X, y = map(torch.from_numpy, _data())
    net = nn.Sequential(nn.Linear(3072, 100), nn.ReLU(), nn.Linear(100, 10))
    rules = {"SGD": optim.SGD, "Momentum": partial(optim.SGD, momentum=0.9), "Adam": optim.Adam}
    optimiser = rules[os.environ.get(RULE, "SGD")](net.parameters(), LR, weight_decay=float(os.environ.get(L2, 0)))

    def epoch():
        for chosen in torch.randperm(EXAMPLES).split(BATCH):
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(net(X[chosen]), y[chosen])
            loss.backward()
            optimiser.step()
            value = loss.item()
        assert np.isfinite(value)

    return epoch


def main():
    """Measure all rows and print them."""
    rows = []
    for threads in ("1", "2"):
        env = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        for rule, l2 in (("SGD", 0), ("Momentum", 0), ("Momentum", 1e-3), ("Adam", 0)):
            what = f"{EXAMPLES // BATCH} steps 3072-100-10, {rule}{' and L2' if l2 else ''}, threads: {threads}"
            rows.append(compare.compare(__file__, "ours", "rival", what, 0.6, turns=TURNS,
                                        env={**env, RULE: rule, L2: str(l2)},
                                        rival_python=os.environ.get("TORCH_PYTHON")))
    compare.print_table(rows)


if __name__ == "__main__":
    main()
