"""The vectorised implementations behind the CS231n notebooks: NumPy, one idea per module.

Read the modules in the order the data takes:
checks, storage, threads, data, preprocessing, neighbors, ops, losses, gradients, graph, initializers, layers, network,
architecture, optim, metrics, train, search, ensemble, pretrained, transfer, exercises; then `plots` (Matplotlib) draws
what they compute and `widgets` (ipywidgets) puts controls on the drawings.
"""

__version__ = "0.1.0"
