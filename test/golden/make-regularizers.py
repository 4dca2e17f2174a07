# make-regularizers.py: steps of small Keras models with regularizers and constraints, in float64: losses, and weights at the end.
# Run with: KERAS_BACKEND=torch python test/golden/make-regularizers.py > test/golden/regularizers.json
# It needs: pip install keras torch (written by Keras 3.15.1)
import json
import math

import keras
import numpy as np
from keras import constraints, layers, regularizers

keras.config.set_floatx("float64")
SAMPLES, STEPS = 8, 4


def wave(shape, k, scale):
    """Numbers that both sides make by themselves."""
    count = int(np.prod(shape))
    return np.array([scale * math.sin((i + 1) * (k + 1.37)) for i in range(count)]).reshape(shape)


def images():
    return [
        layers.Conv2D(3, 3, activation="tanh", kernel_regularizer=regularizers.L2(0.02), bias_regularizer=regularizers.L1(0.05),
                      kernel_constraint=constraints.MaxNorm(0.9, axis=[0, 1, 2])),
        layers.DepthwiseConv2D(2, depthwise_regularizer=regularizers.L1L2(0.01, 0.03), depthwise_constraint=constraints.NonNeg()),
        layers.SeparableConv2D(4, 2, pointwise_regularizer="l1", pointwise_constraint=constraints.UnitNorm(axis=2)),
        layers.Flatten(),
        layers.Dense(3, activation="softmax", kernel_regularizer="L2", kernel_constraint=constraints.MinMaxNorm(0.2, 0.5, 0.5)),
    ]


def sequences():
    return [
        layers.Conv1D(5, 2, activation="relu", kernel_regularizer=regularizers.L2(0.1), kernel_constraint=constraints.UnitNorm(axis=[0, 1])),
        layers.LayerNormalization(gamma_regularizer=regularizers.L1(0.1), beta_constraint=constraints.NonNeg()),
        layers.Dense(6, activation="tanh", kernel_constraint=constraints.MaxNorm(0.3, axis=1), bias_regularizer=regularizers.L1L2(0.02, 0.02)),
        layers.Flatten(),
        layers.Dense(3, activation="softmax", kernel_regularizer=regularizers.L2(0.3), trainable=False),
        layers.Dense(3, activation="softmax"),
    ]


def run(shape, make, optimizer):
    model = keras.Sequential([keras.Input(shape), *make()])
    model.set_weights([wave(w.shape, k, 0.4) for k, w in enumerate(model.weights)])
    config = {"class_name": "Sequential", "config": model.get_config()}
    model.compile(optimizer=keras.optimizers.get(optimizer), loss="sparse_categorical_crossentropy", run_eagerly=True)
    x = wave((SAMPLES, *shape), 3, 1.0)
    y = np.arange(SAMPLES) % 3
    losses = [float(model.train_on_batch(x, y)) for _ in range(STEPS)]
    held_out = float(model.evaluate(x, y, batch_size=3, verbose=0))
    weights = {w.path: np.ravel(keras.ops.convert_to_numpy(w)).round(10).tolist() for w in model.weights}
    return {"model": config, "shape": shape, "optimizer": optimizer, "losses": losses, "held_out": held_out, "weights": weights}


SGD = {"class_name": "SGD", "config": {"learning_rate": 0.1, "momentum": 0.9}}
ADAM = {"class_name": "AdamW", "config": {"learning_rate": 0.05, "weight_decay": 0.1}}
cases = [
    run((6, 5, 2), images, SGD),
    run((6, 5, 2), images, ADAM),
    run((5, 4), sequences, SGD),
    run((5, 4), sequences, ADAM),
]
print(json.dumps(cases).replace("float64", "float32"))
