"""Make data/pretrained_small.npz: train the small ConvNet of `pretrained.small` on CIFAR-10.

    CS231N_CIFAR10=/path/to/cifar-10-binary.tar.gz python data/build_pretrained_small.py [OUTPUT]

The recipe of the experiment `convnet_cifar10`, with another network: mirrored and shifted pictures, Adam with a rate
that falls to 0 along a line, a running average of the weights. The first 18,000 training pictures are used, of which
an archive with fewer pictures than the official one has other ones. Test accuracy is looked at once, at the end.
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))     # the script also runs without an installation

from cs231n_helpers import data, ensemble, metrics, optim, storage, threads, train
from cs231n_helpers.layers import Dropout
from cs231n_helpers.network import Network, renew_statistics
from cs231n_helpers.pretrained import small_convnet

SEED, IMAGES, EPOCHS, BATCH, RATE, SHIFT, KEEP = 0, 18_000, 14, 64, 4e-3, 3, 0.997
FEW = 3_000                                                         # pictures that batch norm is measured on at the end


def learned(net, X, y):
    """The averaged weights after all epochs."""
    rng, per_epoch = np.random.default_rng(SEED), -(-len(y) // BATCH)
    run = train.steps(net, net.init(rng), X, y, optim.Adam(RATE), batch=BATCH, rng=rng, count=EPOCHS * per_epoch,
                      schedule=lambda lr, epoch: lr * max(1 - epoch / EPOCHS, 1e-3),
                      augment=lambda X, rng: data.augment(X, rng, shift=SHIFT))
    with threads.blas(1):
        for average in ensemble.polyak(run, KEEP):
            if average.step.step % per_epoch == 0:
                print(f"epoch {average.step.epoch:.0f}: loss {average.step.loss:.3f}, {time.process_time():.0f} s",
                      flush=True)
        return renew_statistics(net, average.params, X[:FEW])


def main(output=small_convnet.FILE):
    split, net = data.load("cifar10"), small_convnet.network()
    normal, *layers, head = net.layers                              # it learns from what the first layer makes of them
    X = split.X_train[:IMAGES] / np.float32(255)
    params = learned(Network((*layers, Dropout(0.7), head), X.shape[1:]), normal.apply({}, X), split.y_train[:IMAGES])
    kept = {name: params[name].astype(small_convnet.kept_as(shape)) for name, shape in net.shapes().items()}
    storage.save_arrays(output, level=9, **kept)
    params = {name: array.astype(np.float32) for name, array in kept.items()}
    right = metrics.accuracy(net.predict(params, split.X_test / np.float32(255)), split.y_test)
    print(f"{right:.1%} of {len(split.y_test):,} test pictures; {Path(output).stat().st_size:,} bytes, SHA-256 "
          f"{storage.sha256(output)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
