# make-attention.py: writes test/trainer/fixtures/keras3-attention.json: MultiHeadAttention and masks by Keras 3: outputs and gradients.
# pip install keras tensorflow-cpu; KERAS_BACKEND=tensorflow python test/golden/make-attention.py
import json
import os

import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(7)


def layer(name, class_name, config, *inputs):
    return {
        "class_name": class_name,
        "config": {"name": name, **config},
        "inbound_nodes": [[[i, 0, 0, {}] for i in inputs]] if inputs else [],
    }


def functional(layers):
    return {
        "class_name": "Functional",
        "config": {
            "name": "m",
            "layers": layers,
            "input_layers": [["input", 0, 0]],
            "output_layers": [[layers[-1]["config"]["name"], 0, 0]],
        },
    }


def self_attention():
    x = keras.Input((5, 6), name="input")
    y = keras.layers.MultiHeadAttention(2, 3, value_dim=4, name="mha")(x, x, use_causal_mask=True)
    config = {"num_heads": 2, "key_dim": 3, "value_dim": 4, "use_causal_mask": True}
    written = [layer("input", "InputLayer", {"batch_shape": [None, 5, 6]}), layer("mha", "MultiHeadAttention", config, "input", "input")]
    return keras.Model(x, y), functional(written), rng.normal(size=(3, 5, 6))


def cross_attention():
    x = keras.Input((7, 4), name="input")
    few = keras.layers.AveragePooling1D(2, name="few")(x)
    key = keras.layers.Dense(5, name="key")(few)
    y = keras.layers.MultiHeadAttention(3, 2, output_shape=5, use_bias=False, name="mha")(x, few, key)
    written = [
        layer("input", "InputLayer", {"batch_shape": [None, 7, 4]}),
        layer("few", "AveragePooling1D", {"pool_size": 2}, "input"),
        layer("key", "Dense", {"units": 5}, "few"),
        layer("mha", "MultiHeadAttention", {"num_heads": 3, "key_dim": 2, "output_shape": 5, "use_bias": False}, "input", "few", "key"),
    ]
    return keras.Model(x, y), functional(written), rng.normal(size=(2, 7, 4))


def padded():
    x = keras.Input((6,), name="input")
    words = keras.layers.Embedding(9, 8, mask_zero=True, name="words")(x)
    seen = keras.layers.MultiHeadAttention(2, 4, name="mha")(words, words)
    mean = keras.layers.GlobalAveragePooling1D(name="mean")(keras.layers.Add(name="sum")([words, seen]))
    y = keras.layers.Dense(3, name="head")(mean)
    written = [
        layer("input", "InputLayer", {"batch_shape": [None, 6]}),
        layer("words", "Embedding", {"input_dim": 9, "output_dim": 8, "mask_zero": True}, "input"),
        layer("mha", "MultiHeadAttention", {"num_heads": 2, "key_dim": 4}, "words", "words"),
        layer("sum", "Add", {}, "words", "mha"),
        layer("mean", "GlobalAveragePooling1D", {}, "sum"),
        layer("head", "Dense", {"units": 3}, "mean"),
    ]
    ids = np.array([[3, 1, 8, 0, 0, 0], [2, 2, 5, 7, 1, 4], [6, 0, 0, 0, 0, 0]])
    return keras.Model(x, y), functional(written), ids


def empty_places():
    x = keras.Input((5, 3), name="input")
    masked = keras.layers.Masking(mask_value=0.5, name="masking")(x)
    seen = keras.layers.MultiHeadAttention(1, 2, name="mha")(masked, masked)
    y = keras.layers.GlobalAveragePooling1D(name="mean")(seen)
    written = [
        layer("input", "InputLayer", {"batch_shape": [None, 5, 3]}),
        layer("masking", "Masking", {"mask_value": 0.5}, "input"),
        layer("mha", "MultiHeadAttention", {"num_heads": 1, "key_dim": 2}, "masking", "masking"),
        layer("mean", "GlobalAveragePooling1D", {}, "mha"),
    ]
    values = rng.normal(size=(2, 5, 3))
    values[0, 3:] = 0.5
    values[1, 1] = 0.5
    return keras.Model(x, y), functional(written), values


def merged():
    x = keras.Input((5, 3), name="input")
    zero = keras.layers.Masking(name="zero")(x)
    half = keras.layers.Masking(mask_value=0.5, name="half")(x)
    dense = keras.layers.Dense(3, name="dense")(x)
    either = keras.layers.GlobalAveragePooling1D(name="mean")(keras.layers.Add(name="either")([zero, half]))
    none = keras.layers.GlobalAveragePooling1D(name="all")(keras.layers.Subtract(name="none")([zero, dense]))
    y = keras.layers.Concatenate(name="both")([either, none])
    written = [
        layer("input", "InputLayer", {"batch_shape": [None, 5, 3]}),
        layer("zero", "Masking", {}, "input"),
        layer("half", "Masking", {"mask_value": 0.5}, "input"),
        layer("dense", "Dense", {"units": 3}, "input"),
        layer("either", "Add", {}, "zero", "half"),
        layer("mean", "GlobalAveragePooling1D", {}, "either"),
        layer("none", "Subtract", {}, "zero", "dense"),
        layer("all", "GlobalAveragePooling1D", {}, "none"),
        layer("both", "Concatenate", {}, "mean", "all"),
    ]
    values = rng.normal(size=(2, 5, 3))
    values[0, 3:] = 0.5
    values[1, 1] = 0
    return keras.Model(x, y), functional(written), values


def flat(values):
    return [float(np.float32(v)) for v in np.ravel(values)]


cases = {}
for make in (self_attention, cross_attention, padded, empty_places, merged):
    model, written, x = make()
    weights = [rng.normal(size=w.shape, scale=0.5).astype("float32") for w in model.weights]
    model.set_weights(weights)
    given = tf.constant(x, "float32")
    with tf.GradientTape() as tape:
        y = model(given, training=True)
        target = np.sin(np.arange(np.prod(y.shape))).reshape(y.shape).astype("float32")
        loss = tf.reduce_mean(tf.square(y - target))
    gradients = tape.gradient(loss, [w.value for w in model.weights])
    dense = [tf.convert_to_tensor(g) for g in gradients]
    cases[make.__name__.replace("_", " ")] = {
        "model": written,
        "x": flat(x),
        "target": flat(target),
        "weights": [flat(w) for w in weights],
        "output": flat(y),
        "loss": float(loss),
        "gradients": [flat(g) for g in dense],
    }

path = os.path.join(os.path.dirname(__file__), "../trainer/fixtures/keras3-attention.json")
with open(path, "w") as file:
    json.dump({"keras": keras.__version__, "cases": cases}, file, separators=(",", ":"))
    file.write("\n")
