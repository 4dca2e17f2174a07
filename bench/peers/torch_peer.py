# torch_peer.py: training speed of the example jobs in PyTorch, at its fastest here. Usage: torch_peer.py DIGITS THREADS. Not named
# pytorch.py: torchvision would take it for a package of that name.
import os
import sys

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # or its pool of processes stays about, and is timed with us

import torch  # noqa: E402
from torch import nn  # noqa: E402

from protocol import JOBS, answerer, normalised, read_digits, serve  # noqa: E402

torch.set_num_threads(int(sys.argv[2]))
images, labels = read_digits(sys.argv[1])


def network(name):
    pool = nn.MaxPool2d(2)
    if name == "digits":
        layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), pool, nn.Conv2d(32, 64, 3), nn.ReLU(), pool]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(1600, 10))
    if name == "mlp":
        hidden = [nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU()]
        return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(512, 10))
    padding, width = (1, 14) if name == "simple-cnn" else (0, 13)
    convolution = [nn.Conv2d(1, 32, 3, padding=padding), nn.ReLU(), pool, nn.Flatten()]
    return nn.Sequential(*convolution, nn.Linear(32 * width * width, 128), nn.ReLU(), nn.Linear(128, 10))


def optimizer(name, parameters, fused):
    options = {"fused": True} if fused else {"foreach": True}
    if JOBS[name][1] == "sgd":
        return torch.optim.SGD(parameters, lr=1e-3, momentum=0.9, **options)
    return torch.optim.Adam(parameters, lr=1e-3, **options)


def trainer(name, layout, fused, compiled):
    """-> run(batches) of protocol.timed."""
    torch.manual_seed(1)
    model = network(name).to(memory_format=layout)
    update = optimizer(name, model.parameters(), fused)
    data = torch.from_numpy(normalised(name, images)).permute(0, 3, 1, 2).contiguous(memory_format=layout)
    size = JOBS[name][0]
    batches = list(zip(data.split(size), torch.from_numpy(labels).long().split(size)))
    batches = [batch for batch in batches if len(batch[0]) == size]
    score = nn.CrossEntropyLoss()

    def loss_of(x, y):
        return score(model(x), y)

    forward = torch.compile(loss_of) if compiled else loss_of
    at = 0

    def run(count):
        nonlocal at
        for _ in range(count):
            x, y = batches[at]
            at = (at + 1) % len(batches)
            update.zero_grad(set_to_none=True)
            loss = forward(x, y)
            loss.backward()
            update.step()
        return count * size, loss.detach()

    return run


def variants(name):
    layouts = {"NCHW": torch.contiguous_format}
    if name != "mlp":
        layouts["channels_last"] = torch.channels_last
    for label, layout in layouts.items():
        for fused in (True, False):
            for compiled in (False, True):
                if compiled and not fused:
                    continue
                key = " ".join([label, "fused" if fused else "foreach", "compiled" if compiled else "eager"])
                yield key, lambda layout=layout, fused=fused, compiled=compiled: trainer(name, layout, fused, compiled)


serve(torch.__version__, answerer(lambda name: dict(variants(name))))
