# keras_models.py: training speed and memory of one large model in Keras, on the faster of its backends. Usage: keras_models.py REQUEST
# (models.ts). Each backend is tried in a process of its own.
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time

BACKENDS = ("tensorflow", "jax")
CLASSES = 10
request = json.loads(sys.argv[1])


def run(backend):
    command = [sys.executable, sys.argv[0], json.dumps({**request, "variant": backend}), "child"]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(said.stdout.strip().splitlines()[-1])


def encoder(keras, vocabulary, length, width=256, heads=8, inner=1024, depth=2, dropout=0.1):
    """The classifier of sequences of trainer/models/transformer-encoder.ts."""
    layers = keras.layers
    ids = keras.Input((length,), dtype="int32")
    places = layers.Embedding(length, width)(keras.ops.arange(length))
    x = layers.Embedding(vocabulary, width)(ids) + places
    for _ in range(depth):
        seen = layers.MultiHeadAttention(heads, width // heads, dropout=dropout)(x, x)
        x = layers.LayerNormalization(epsilon=1e-5)(x + layers.Dropout(dropout)(seen))
        wide = layers.Dense(width)(layers.Dropout(dropout)(layers.Dense(inner, activation="relu")(x)))
        x = layers.LayerNormalization(epsilon=1e-5)(x + layers.Dropout(dropout)(wide))
    return keras.Model(ids, layers.Dense(CLASSES)(layers.GlobalAveragePooling1D()(x)))


def train():
    os.environ["KERAS_BACKEND"] = request["variant"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    threads = request["threads"]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import keras
    import numpy as np

    if request["variant"] == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(1)
    shape = (request["batch"], *request["input"])
    if request["builder"] == "transformer_encoder":
        model = encoder(keras, **request["options"])
        x = np.random.randint(0, request["options"]["vocabulary"], shape)
    else:
        make = {"resnet50": keras.applications.ResNet50, "mobilenet_v2": keras.applications.MobileNetV2}[request["builder"]]
        model = make(weights=None, classes=CLASSES, classifier_activation=None)
        x = np.random.rand(*shape).astype("float32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(1e-3, momentum=0.9), loss, jit_compile=request["variant"] == "jax")
    batch = (keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(np.arange(len(x)) % CLASSES))
    value = model.train_on_batch(*batch)
    start, steps = time.perf_counter(), 0
    while steps == 0 or time.perf_counter() - start < request["seconds"]:
        value = model.train_on_batch(*batch)
        steps += 1
    speed = steps * request["batch"] / (time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        json.dumps(
            {"samples_per_second": speed, "loss": float(value), "peak_bytes": peak, "variant": request["variant"]}
        )
    )


if len(sys.argv) > 2:
    train()
elif request["variant"]:
    print(json.dumps(run(request["variant"])))
else:
    figures = [run(backend) for backend in BACKENDS if importlib.util.find_spec(backend)]
    print(json.dumps(max(figures, key=lambda figure: figure["samples_per_second"])))
