# make-losses.py: Keras' losses, and their gradients along what they are given, in float64.
# Run with: JAX_ENABLE_X64=1 KERAS_BACKEND=jax python test/golden/make-losses.py > test/golden/losses.json
# It needs: pip install keras jax (written by Keras 3.15.1)
import json

import jax
import keras
import numpy as np

keras.config.set_floatx("float64")

LOGITS = np.array([[0.5, -1.25, 2.0], [-0.3, 0.1, 0.2], [3.0, 0.7, -0.9], [1.5, 1.0, -2.0]])
HOT = np.eye(3)[[0, 2, 0, 1]]
SHARES = np.array([[0.2, 0.5, 0.3], [0.7, 0.1, 0.2], [0.0, 0.4, 0.6], [1.0, 0.0, 0.0]])
SIGNS = np.array([[1.0, -1.0, -1.0], [-1.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
REALS = np.array([[0.4, -2.0, 0.1], [1.0, 0.3, 0.25], [2.5, 0.9, 1.9], [1.4, -1.0, 0.0]])
CASES = [
    ("SparseCategoricalCrossentropy", {}, [0, 2, 0, 1]),
    ("CategoricalCrossentropy", {}, SHARES),
    ("CategoricalCrossentropy", {"label_smoothing": 0.2}, HOT),
    ("BinaryCrossentropy", {}, HOT),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, HOT),
    ("CategoricalFocalCrossentropy", {}, HOT),
    ("CategoricalFocalCrossentropy", {"alpha": 0.4, "gamma": 1.5, "label_smoothing": 0.1}, HOT),
    ("BinaryFocalCrossentropy", {}, HOT),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5, "label_smoothing": 0.1}, HOT),
    ("MeanSquaredError", {}, REALS),
    ("MeanAbsoluteError", {}, REALS),
    ("Huber", {}, REALS),
    ("Huber", {"delta": 0.5}, REALS),
    ("LogCosh", {}, REALS),
    ("Hinge", {}, SIGNS[:2]),
    ("SquaredHinge", {}, SIGNS[:2]),
    ("CategoricalHinge", {}, HOT),
    ("KLDivergence", {}, SHARES),
    ("Poisson", {}, np.abs(REALS)),
    ("CosineSimilarity", {}, REALS),
]
POSITIVE = {"KLDivergence", "Poisson"}
LAST = {
    "SparseCategoricalCrossentropy": keras.ops.softmax,
    "CategoricalCrossentropy": keras.ops.softmax,
    "CategoricalFocalCrossentropy": keras.ops.softmax,
    "BinaryCrossentropy": keras.ops.sigmoid,
    "BinaryFocalCrossentropy": keras.ops.sigmoid,
}


def case(name, config, targets, weights=None):
    targets = np.array(targets)
    given = (np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True) if name in POSITIVE else LOGITS)[: len(targets)]
    loss = getattr(keras.losses, name)(**config)
    last = LAST.get(name, lambda x: x)
    f = lambda x: loss(targets, last(x), sample_weight=weights)
    value, gradient = jax.value_and_grad(f)(jax.numpy.array(given))
    result = {"class_name": name, "config": config, "given": given.tolist(), "targets": targets.tolist()}
    return {**result, "loss": float(value), "gradient": np.array(gradient).tolist()}


def weighted(name, table, targets, classes):
    result = case(name, {}, targets, np.array(table)[classes])
    return {**result, "config": {"class_weight": table}}


print(
    json.dumps(
        [case(*it) for it in CASES]
        + [
            weighted("SparseCategoricalCrossentropy", [0.5, 2.0, 3.0], [0, 2, 0, 1], [0, 2, 0, 1]),
            weighted("CategoricalHinge", [0.5, 2.0, 3.0], HOT, [0, 2, 0, 1]),
        ]
    )
)
