"""Maps of images by t-SNE: of raw pixels, and of the features of a network trained on ImageNet.

The images are the first training images of two data sets, and the first test images behind them; similar ones come to
lie near each other (van der Maaten and Hinton 2008, as scikit-learn has it). Kept are the two coordinates of each
image, and the share of the nearest training images of a test image, by the pixels or features themselves, that are of
its own class. It needs the weights of SqueezeNet.
"""

SETTINGS = {"sets": {"photo_patches": [320, 64], "fashion_mnist": [300, 60]}, "network": "squeezenet", "size": 128,
            "layer": "fire8", "perplexity": 20, "nearest": 5, "seed": 0}  # fmt: skip


def run(sets, network, size, layer, perplexity, nearest, seed):
    import numpy as np
    from sklearn.manifold import TSNE

    from cs231n_helpers import data, neighbors, pretrained, transfer

    net, params, _ = getattr(pretrained, network)(size)
    net, params = pretrained.folded(net, params)
    found = {}
    for name, (count, test) in sets.items():
        split = data.load(name, train=count, test=test)
        X, y, y_test = np.concatenate([split.X_train, split.X_test]), split.y_train, split.y_test
        points = {"pixels": X.reshape(len(X), -1) / 255, "features": transfer.features(net, params, X, layer)}
        found[name] = {"images": count, "test": test}
        for kind, F in points.items():
            which, _ = neighbors.nearest(F[count:], F[:count], nearest)
            placed = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(np.array(F, np.float32))
            found[name][kind] = {"places": np.round(placed.astype(float), 1).tolist(),
                                 "same_class": float((y[which] == y_test[:, None]).mean())}  # fmt: skip
    return found
