# torch_models.py: training speed and memory of one large model in PyTorch, at its fastest here. Usage: torch_models.py REQUEST (models.ts)
import json
import os
import resource
import sys
import time

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")

import torch  # noqa: E402
from torch import nn  # noqa: E402

request = json.loads(sys.argv[1])
torch.set_num_threads(request["threads"])
torch.manual_seed(1)
CLASSES = 10


class Encoder(nn.Module):
    """The classifier of sequences of trainer/models/transformer-encoder.ts."""

    def __init__(self, vocabulary, length, width=256, heads=8, inner=1024, depth=2, dropout=0.1):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        layer = nn.TransformerEncoderLayer(width, heads, inner, dropout, batch_first=True)
        self.blocks = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, ids):
        x = self.tokens(ids) + self.places.weight
        return self.head(self.blocks(x).mean(1))


def network():
    name = request["builder"]
    if name == "transformer_encoder":
        return Encoder(**request["options"])
    if name == "vit_b16":
        import timm

        return timm.create_model("vit_base_patch16_224", num_classes=CLASSES)
    import torchvision

    return getattr(torchvision.models, name)(num_classes=CLASSES)


def trainer(variant):
    """-> a function that trains one batch and gives its loss."""
    layout = torch.channels_last if "channels_last" in variant else torch.contiguous_format
    model = network()
    shape = (request["batch"], *request["input"])
    if len(shape) == 4:
        model = model.to(memory_format=layout)
        x = torch.rand(shape).permute(0, 3, 1, 2).contiguous(memory_format=layout)
    else:
        x = torch.randint(0, request["options"]["vocabulary"], shape)
    y = torch.arange(request["batch"]) % CLASSES
    model.train()
    score = nn.CrossEntropyLoss()
    forward = torch.compile(lambda: score(model(x), y)) if "compiled" in variant else lambda: score(model(x), y)
    update = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, fused=True)

    def step():
        update.zero_grad(set_to_none=True)
        loss = forward()
        loss.backward()
        update.step()
        return loss.detach()

    return step


def rate(step, seconds):
    start, steps = time.perf_counter(), 0
    while steps == 0 or time.perf_counter() - start < seconds:
        loss = step()
        steps += 1
    return steps * request["batch"] / (time.perf_counter() - start), float(loss)


def fastest():
    """The variant that trains most samples a second, each after a step that allocates or compiles."""
    layouts = ["NCHW", "channels_last"] if len(request["input"]) == 3 else [""]
    speeds = {}
    for variant in [f"{layout} {how}".strip() for layout in layouts for how in ("eager", "compiled")]:
        try:
            step = trainer(variant)
            step()
            speeds[variant] = rate(step, request["seconds"])[0]
            print(f"{variant}: {speeds[variant]:.2f} samples/s", file=sys.stderr)
        except Exception as error:  # no compiler, say
            print(f"{variant}: {error}", file=sys.stderr)
    if not speeds:
        sys.exit("PyTorch trains no variant of this model here: see above")
    return max(speeds, key=speeds.get)


if not request["variant"]:
    # in a process of its own, or the memory of every variant would count
    import subprocess

    probe = os.environ.get("SHOAL_BENCH_PROBE")
    if probe:
        print(json.dumps({"variant": fastest()}))
        sys.exit()
    environment = {**os.environ, "SHOAL_BENCH_PROBE": "1"}
    said = subprocess.run([sys.executable, *sys.argv], env=environment, stdout=subprocess.PIPE, check=True, text=True)
    request["variant"] = json.loads(said.stdout.strip().splitlines()[-1])["variant"]

step = trainer(request["variant"])
step()
speed, loss = rate(step, request["seconds"])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"samples_per_second": speed, "loss": loss, "peak_bytes": peak, "variant": request["variant"]}))
