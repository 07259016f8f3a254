"""Centre, scale, standardise, rotate, whiten: fit on the training images, then apply the same numbers to every split.

    center = Center.fit(X_train)            # the mean image of the TRAINING set
    scale = Scale.fit(center(X_train))
    X_val = scale(center(X_val))            # roughly in [-1, 1]

Statistics of the validation or test set must not leak in: the classifier may know only what training data tells.
Every `fit` takes data (N, D) or images (N, H, W, C) and returns a frozen object; calling it gives new float data
(float64 stays float64, pixels as bytes become float32): of the same shape, or (N, K) after PCA and Whiten.

`resize` gives images another size; it learns nothing, so it needs no fit.
"""

from cs231n_helpers.preprocessing.principal import PCA, Whiten
from cs231n_helpers.preprocessing.resizing import resize
from cs231n_helpers.preprocessing.scaling import Center, Scale, Standardize

__all__ = ["Center", "Scale", "Standardize", "PCA", "Whiten", "resize"]
