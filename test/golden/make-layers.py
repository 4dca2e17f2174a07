# make-layers.py: layers of Keras 3 with their configurations, weights, outputs and gradients of the weights, for layers.test.ts.
# pip install keras torch; KERAS_BACKEND=torch python test/golden/make-layers.py > test/trainer/fixtures/keras3-layers.json
import json

import keras
import numpy as np
import torch

L = keras.layers
CASES = [
    ([5], L.LayerNormalization()),
    ([3, 4], L.LayerNormalization(axis=[1, 2], epsilon=1e-5, center=False)),
    ([3, 4], L.RMSNormalization()),
    ([3, 4], L.UnitNormalization()),
    ([3, 2, 6], L.GroupNormalization(groups=3)),
    ([3, 2, 4], L.GroupNormalization(groups=-1, scale=False)),
    ([3, 4], L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de")),
    ([3, 2, 4], L.EinsumDense("abde,dec->abc", output_shape=(3, 5), bias_axes="c", activation="gelu")),
    ([3, 4], L.EinsumDense("...x,xy->...y", output_shape=5, bias_axes="y")),
    ([2, 3, 4], L.Permute((3, 1, 2))),
    ([2, 6], L.Reshape((3, -1))),
    ([4], L.RepeatVector(3)),
    ([3, 4], L.Softmax(axis=1)),
    ([2, 2, 3], L.Rescaling(scale=0.5, offset=[1.0, 2.0, 3.0])),
    ([2, 2, 3], L.Normalization(mean=[0.5, 0.0, -1.0], variance=[4.0, 0.25, 1.0])),
    ([5, 4, 2], L.Resizing(3, 7)),
    ([5, 4, 2], L.Resizing(8, 3, interpolation="nearest")),
    ([6, 5, 1], L.CenterCrop(3, 2)),
    ([3, 4, 2], L.UpSampling2D(2, interpolation="bilinear")),
    ([6, 3], L.DepthwiseConv1D(3, strides=2, depth_multiplier=2, padding="same")),
    ([6, 3], L.SeparableConv1D(4, 3, dilation_rate=2, activation="silu")),
    ([5, 3], L.Conv1DTranspose(2, 3, strides=2, padding="same")),
    ([4, 3, 2], L.SpatialDropout2D(0.5)),
    ([4], L.GaussianNoise(0.5)),
]


def ramp(shape, step):
    n = int(np.prod(shape))
    return (((np.arange(n) * step) % 17) / 8 - 1).reshape(shape).astype("float32")


def plain(value):
    return json.loads(json.dumps(value))


def floats(a):
    return [float(f"{v:.8g}") for v in np.asarray(a, dtype="float32").ravel()]


cases = []
for shape, layer in CASES:
    x = torch.tensor(ramp([2, *shape], 5))
    layer.build(x.shape)
    for i, weight in enumerate(layer.trainable_weights):
        weight.assign(ramp(weight.shape, 3 + 2 * i))
    y = layer(x)
    r = torch.tensor(ramp(y.shape, 7))
    variables = [weight.value for weight in layer.trainable_weights]
    gradients = torch.autograd.grad((y * r).sum(), variables) if variables else []
    config = {k: v for k, v in plain(layer.get_config()).items() if k != "name"}
    cases.append({
        "class_name": type(layer).__name__,
        "config": config,
        "input": shape,
        "weights": [list(w.shape) for w in layer.trainable_weights],
        "y": floats(y.detach()),
        "gradients": [floats(g.detach()) for g in gradients],
    })
print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
