# make-activations.py: values and slopes of Keras' activations at a few places -> test/trainer/fixtures/keras3-activations.json.
# Needs keras 3 and tensorflow-cpu: python test/golden/make-activations.py
import json

import keras
import tensorflow as tf

NAMES = (
    "elu exponential gelu hard_sigmoid hard_silu leaky_relu linear log_softmax mish relu relu6 selu sigmoid silu softmax "
    "softplus softsign tanh"
).split()
LAYERS = {
    "ReLU": dict(max_value=1.5, negative_slope=0.125, threshold=0.25),
    "LeakyReLU": {},
    "ELU": dict(alpha=0.5),
    "Softmax": {},
}
x = tf.constant([[-7.5, -2.75, -1.0, -0.125, 0.0625, 0.5, 1.25, 2.5, 6.5]], tf.float32)
weights = tf.constant([[1.0, -2.0, 3.0, 0.5, -1.5, 2.5, 1.75, -0.25, 0.75]], tf.float32)


def entry(f):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
        total = tf.reduce_sum(y * weights)
    return {"y": y.numpy()[0].tolist(), "gradient": tape.gradient(total, x).numpy()[0].tolist()}


functions = {name: entry(keras.activations.get(name)) for name in NAMES}
functions["gelu_approximate"] = entry(lambda v: keras.activations.gelu(v, approximate=True))
layers = {name: {"config": config, **entry(getattr(keras.layers, name)(**config))} for name, config in LAYERS.items()}
golden = {"keras": keras.__version__, "x": x.numpy()[0].tolist(), "weights": weights.numpy()[0].tolist()}
with open("test/trainer/fixtures/keras3-activations.json", "w") as file:
    json.dump({**golden, "functions": functions, "layers": layers}, file)
    file.write("\n")
