"""make-image-models.py: losses and gradients of torchvision's models, as norms and projections, for test/verify/image-models.ts.

Needs torch and torchvision (pip install torch torchvision). Weights, images and projections come from the counter below, which
test/verify/image-models.ts has too; dropout and stochastic depth are off. Run: python test/golden/make-image-models.py
"""

import json
import pathlib

import numpy as np
import torch
import torchvision.models as models

ROWS = 4
SIDE = {"alexnet": 224}
NAMES = {
    "alexnet": {},
    "resnet18": {},
    "resnet50": {},
    "mobilenet_v2": {},
    "googlenet": {"aux_logits": False, "transform_input": False, "init_weights": False},
    "densenet121": {},
    "efficientnet_b0": {},
    "convnext_tiny": {},
}
PROJECTIONS = 1


def counter(count, site):
    """Values in [-1, 1), exact in f32: a hash of (place + site * 0x9e3779b9)."""
    x = (np.arange(count, dtype=np.uint64) + site * 0x9E3779B9).astype(np.uint32)
    x ^= x >> 16
    x *= np.uint32(0x7FEB352D)
    x ^= x >> 15
    x *= np.uint32(0x846CA68B)
    x ^= x >> 16
    return ((x >> 8).astype(np.float64) / 2**23 - 1).astype(np.float32)


def rounded(number):
    return float(f"{number:.8g}")


def value(name, shape, site, norm):
    """A weight: about unit gain, norms around one."""
    v = counter(int(np.prod(shape)), site)
    if name.endswith("layer_scale"):
        return np.float32(0.5) * v
    if len(shape) == 1:
        return np.float32(0.5) + np.abs(v) if norm and name.endswith("weight") else np.float32(0.3) * v
    return v * np.float32(np.sqrt(2 / np.prod(shape[1:])))


def run(name, options):
    torch.manual_seed(0)
    net = getattr(models, name)(weights=None, **options).double().train()
    norms = set()
    for path, module in net.named_modules():
        if isinstance(module, (torch.nn.BatchNorm2d, torch.nn.LayerNorm)):
            norms.add(path)
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if type(module).__name__ == "StochasticDepth":
            module.p = 0.0
    parameters = list(net.named_parameters())
    for site, (path, p) in enumerate(parameters):
        data = value(path, tuple(p.shape), site, path.rsplit(".", 1)[0] in norms)
        p.data = torch.from_numpy(data.reshape(tuple(p.shape)).astype(np.float64))
    side = SIDE.get(name, 64)
    x = torch.from_numpy(counter(ROWS * 3 * side * side, 10_000).reshape(ROWS, 3, side, side).astype(np.float64))
    labels = torch.tensor([(i * 131 + 7) % 1000 for i in range(ROWS)])
    loss = torch.nn.functional.cross_entropy(net(x), labels)
    loss.backward()
    weights = []
    for site, (path, p) in enumerate(parameters):
        gradient = p.grad.numpy().ravel()
        vectors = [counter(gradient.size, 20_000 + 10 * site + k).astype(np.float64) for k in range(PROJECTIONS)]
        along = [rounded(gradient @ vector) for vector in vectors]
        norm = path.rsplit(".", 1)[0] in norms
        length = rounded(np.linalg.norm(gradient))
        weights.append({"name": path, "shape": list(p.shape), "norm": norm, "length": length, "along": along})
    return {"side": side, "loss": float(loss.detach()), "weights": weights}


golden = {name: run(name, options) for name, options in NAMES.items()}
path = pathlib.Path(__file__).parent / "image-models.json"
path.write_text(json.dumps({"rows": ROWS, "torch": torch.__version__.split("+")[0], "models": golden}) + "\n")
