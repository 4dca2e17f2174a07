"""Writes test/trainer/fixtures/keras-files.json: whole models as Keras 3 and Keras 2 save them, with an input and what it gives.

pip install keras==3.15.1 tf-keras==2.21.0 tensorflow-cpu==2.21.0
python test/golden/make-keras-files.py

With --check FILE...: loads files that Shoal wrote (beside FILE.json with x and y) and compares predictions within 1e-4 of the norm:
node test/golden/write-keras-files.ts DIR && python test/golden/make-keras-files.py --check DIR/*
"""

import base64
import json
import os
import sys
import tempfile
import zlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np


def packed(path):
    return base64.b64encode(zlib.compress(open(path, "rb").read(), 9)).decode()


def weave(model, seed):
    """Weights from a stated generator, so that statistics are no zeros and ones."""
    random = np.random.default_rng(seed)
    model.set_weights([random.uniform(0.1, 0.5, w.shape).astype("float32") * random.choice([-1, 1], w.shape)
                       if "variance" not in name else random.uniform(0.5, 2.0, w.shape).astype("float32")
                       for name, w in zip([v.name for v in model.weights], model.get_weights())])


def functional(keras):
    L = keras.layers
    inner = keras.Sequential([keras.Input((6, 6, 5)), L.Conv2D(4, 3, name="conv"), L.BatchNormalization(name="norm")], name="inner")
    x = i = keras.Input((8, 8, 3), name="pixels")
    x = L.Conv2D(4, 3, padding="same", name="stem")(x)
    x = L.BatchNormalization()(x)
    x = L.SeparableConv2D(5, 3)(x)
    x = L.PReLU(shared_axes=[1, 2])(x)
    x = inner(x)
    shared = L.Conv2D(4, 1, activation="relu")
    x = L.Add()([shared(x), shared(shared(x))])
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(i, L.Dense(3, activation="softmax")(x), name="functional")


def attention(keras):
    L = keras.layers
    i = keras.Input((5, 4), name="sequence")
    x = L.MultiHeadAttention(2, 3, name="heads")(i, i)
    x = L.LayerNormalization(name="norm")(L.Add()([i, x]))
    x = L.Dense(6, activation="gelu", name="wide")(x)
    return keras.Model(i, L.Dense(2)(L.Flatten()(x)), name="attention")


def sequential(keras):
    L = keras.layers
    return keras.Sequential([keras.Input((6,)), L.Dense(5, activation="tanh"), L.Dense(4), L.Dense(2)], name="sequential")


def normalized(keras):
    L = keras.layers
    inner = keras.Sequential([keras.Input((4, 4, 2)), L.Normalization(name="again"), L.Conv2D(3, 2, name="conv")], name="inner")
    x = i = keras.Input((6, 6, 3), name="pixels")
    x = L.Conv2D(2, 3, name="stem")(L.Normalization(name="norm")(x))
    return keras.Model(i, L.Dense(2)(L.Flatten()(inner(x))), name="normalized")


def adapt(model):
    """Statistics of numbers from a stated generator."""
    random = np.random.default_rng(5)
    for layer, shape in ((model.get_layer("norm"), (9, 6, 6, 3)), (model.get_layer("inner").get_layer("again"), (9, 4, 4, 2))):
        layer.adapt(random.uniform(0, 3, shape).astype("float32"))


def check(paths):
    import keras

    for path in [p for p in paths if not p.endswith(".json")]:
        expected = json.load(open(path + ".json"))
        y = keras.saving.load_model(path).predict(np.array(expected["x"], "float32").reshape(expected["shape"]), verbose=0)
        error = np.linalg.norm(y.ravel() - expected["y"]) / np.linalg.norm(expected["y"])
        print(f"keras {keras.__version__}: {os.path.basename(path)}: error over norm {error:.1e}")
        assert error < 1e-4


if sys.argv[1:2] == ["--check"]:
    check(sys.argv[2:])
    sys.exit()

import keras as keras3
import tf_keras as keras2

cases = []
with tempfile.TemporaryDirectory() as folder:
    for keras, version, endings in ((keras3, 3, ("keras", "h5")), (keras2, 2, ("h5",))):
        for seed, make in enumerate((functional, attention, sequential, normalized)):
            keras.utils.set_random_seed(1)
            keras.backend.clear_session()
            model = make(keras)
            weave(model, seed)
            if make is normalized:
                adapt(model)
            shape = (2, *model.input_shape[1:])
            x = np.random.default_rng(9).uniform(-1, 1, shape).astype("float32")
            y = model.predict(x, verbose=0)
            for ending in endings:
                path = f"{folder}/model.{ending}"
                model.save(path)
                cases.append({"title": f"{make.__name__} of Keras {version}, .{ending}", "ending": ending, "file": packed(path),
                              "shape": shape, "x": [round(float(v), 7) for v in x.ravel()], "y": [float(v) for v in y.ravel()]})
with open("test/trainer/fixtures/keras-files.json", "w") as file:
    json.dump({"keras": [keras3.__version__, keras2.__version__], "cases": cases}, file)
    file.write("\n")
