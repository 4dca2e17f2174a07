"""Writes test/golden/torch-models.json: what torchvision's and timm's models give, and their gradients' norms and projections, with
weights of a stated generator, in float64. test/verify/torch-models.ts holds Shoal's named models against it.

pip install torch==2.15.0 torchvision==0.29.2 timm==1.0.31
python test/golden/make-torch-models.py
"""

import json
import zlib

import numpy as np
import timm
import torch
import torchvision.models as tv

CLASSES = 10


def draw(key, count):
    """Uniform in [0, 1) by place: a hash of the place and the key, the same in test/support/drawn.ts."""
    x = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(zlib.crc32(key.encode()))
    for _ in range(2):
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x45D9F3B)
    x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2**32


def weights(model):
    state = model.state_dict()
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        u = draw(name, tensor.numel())
        if name.endswith("running_var") or (name.endswith("weight") and tensor.dim() == 1):
            value = 0.5 + u
        elif tensor.dim() == 1 or name.endswith("running_mean") or tensor.dim() == 3:
            value = (u - 0.5) * 0.2
        else:
            value = (u - 0.5) * 2 * np.sqrt(3 / (tensor.numel() / tensor.shape[0]))
        tensor.copy_(torch.from_numpy(value.astype(np.float32).astype(np.float64)).reshape(tensor.shape))


def smooth(module):
    """Softplus in place of rectifiers: where a value is near zero, f32 and f64 fall on different sides, and gradients differ by percents
    (PyTorch's own by 1 to 4 % here)."""
    for name, child in module.named_children():
        if isinstance(child, (torch.nn.ReLU, torch.nn.ReLU6)):
            setattr(module, name, torch.nn.Softplus())
        smooth(child)


class Encoder(torch.nn.Module):
    """The classifier of trainer/models/transformer-encoder.ts, of PyTorch's own encoder layers; tensors are named as there."""

    LENGTH = 256

    def __init__(self):
        super().__init__()
        self.words, self.places = torch.nn.Embedding(10_000, 256), torch.nn.Parameter(torch.zeros(1, self.LENGTH, 256))
        self.blocks = torch.nn.ModuleList(
            torch.nn.TransformerEncoderLayer(256, 8, 1024, 0.0, torch.nn.functional.softplus, batch_first=True) for _ in range(2))
        self.head = torch.nn.Linear(256, 2)

    def forward(self, ids):
        x = self.words(ids) + self.places
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean(1))


OURS = (("self_attn.in_proj_", "attn.qkv."), ("self_attn.out_proj", "attn.proj"), ("linear1", "mlp.fc1"), ("linear2", "mlp.fc2"))


def encoder(rows):
    model = Encoder().double().train()
    names = {name: name for name, _ in model.named_parameters()}
    for name in names:
        for theirs, ours in OURS:
            names[name] = names[name].replace(theirs, ours)
    names["places"] = "places"
    with torch.no_grad():
        for name, p in model.named_parameters():
            u = draw(names[name], p.numel())
            value = (u - 0.5) * 2 * np.sqrt(3 / (p.numel() / p.shape[0])) if p.dim() == 2 else (u - 0.5) * 0.2
            if p.dim() == 1 and name.endswith("weight"):
                value = 0.5 + u
            p.copy_(torch.from_numpy(value.astype(np.float32).astype(np.float64)).reshape(p.shape))
    ids = torch.from_numpy((draw("ids", rows * Encoder.LENGTH) * 10_000).astype(np.int64)).reshape(rows, Encoder.LENGTH)
    y = model(ids)
    labels = torch.tensor([i % 2 for i in range(rows)])
    return learned({"builder": "transformer_encoder", "options": {}, "smooth": True, "size": Encoder.LENGTH, "rows": rows,
                    "y": [float(f"{v:.8g}") for v in y.detach().numpy().ravel()]}, model, y, labels, names)


def learned(result, model, y, labels, names):
    """With the loss, and of each gradient the norm and projections on drawn directions."""
    loss = torch.nn.functional.cross_entropy(y, labels)
    loss.backward()
    result["loss"] = loss.item()
    result["gradients"] = {}
    for name, p in model.named_parameters():
        g = p.grad.numpy().ravel()
        projections = [float(g @ (draw(f"{names[name]}:{k}", g.size) - 0.5)) for k in range(4)]
        result["gradients"][names[name]] = [float(f"{v:.10g}") for v in [np.linalg.norm(g), *projections]]
    return result


def case(builder, model, size, rows, options=None, gradients=False):
    if gradients:
        smooth(model)
    model = model.double().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if isinstance(module, torch.nn.Module) and hasattr(module, "inplace"):
            module.inplace = False
    with torch.no_grad():
        weights(model)
        x = (draw("input", rows * size * size * 3).astype(np.float32).astype(np.float64) - 0.5) * 2
        x = torch.from_numpy(x.astype(np.float32).astype(np.float64).reshape(rows, size, size, 3)).permute(0, 3, 1, 2)
        y = model(x)
        y = (y.logits if hasattr(y, "logits") else y).numpy()
    result = {"builder": builder, "options": options or {}, "smooth": gradients, "size": size, "rows": rows, "y": [float(f"{v:.8g}") for v in y.ravel()]}
    if gradients:
        model.train()
        labels = torch.tensor([(5 * i + 2) % CLASSES for i in range(rows)])
        learned(result, model, model(x), labels, {name: name for name, _ in model.named_parameters()})
    print(builder, result["y"][:3], result.get("loss"))
    return result


torch.manual_seed(0)
cases = [
    case("alexnet", tv.alexnet(num_classes=CLASSES), 224, 1),
    case("vgg16", tv.vgg16(num_classes=CLASSES), 224, 1),
    case("googlenet", tv.googlenet(num_classes=CLASSES, aux_logits=False, init_weights=False), 64, 2),
    case("resnet18", tv.resnet18(num_classes=CLASSES), 64, 2),
    case("resnet34", tv.resnet34(num_classes=CLASSES), 64, 2),
    case("resnet50", tv.resnet50(num_classes=CLASSES), 224, 2, gradients=True),
    case("resnet101", tv.resnet101(num_classes=CLASSES), 64, 2),
    case("mobilenet_v2", tv.mobilenet_v2(num_classes=CLASSES), 224, 2, gradients=True),
    case("efficientnet_b0", tv.efficientnet_b0(num_classes=CLASSES), 64, 2),
    case("densenet121", tv.densenet121(num_classes=CLASSES), 64, 2),
    case("convnext_tiny", tv.convnext_tiny(num_classes=CLASSES), 64, 2),
    case("vit_tiny", timm.create_model("vit_tiny_patch16_224", num_classes=CLASSES), 224, 1),
    case("vit_b16", timm.create_model("vit_base_patch16_224", num_classes=CLASSES), 224, 2, gradients=True),
    encoder(4),
]
with open("test/golden/torch-models.json", "w") as file:
    json.dump({"torch": torch.__version__, "classes": CLASSES, "cases": cases}, file)
    file.write("\n")
