# text-peer.py: gpt_nano and bert_small of the examples in PyTorch: the same layers, first values, windows, optimizer and steps; other random draws.
# pip install torch numpy; python test/verify/text-peer.py gpt_nano|bert_small EPOCHS LENGTH WIDTH DEPTH HEADS INNER BATCH RATE
import math
import os
import sys

import numpy as np
import torch
from torch import nn

name, *numbers = sys.argv[1:]
epochs, length, width, depth, heads, inner, batch = map(int, numbers[:7])
rate = float(numbers[7])
causal = name == "gpt_nano"
torch.manual_seed(1)
torch.set_num_threads(2)

folder = "/usr/share/common-licenses"
files = sorted(f for f in os.listdir(folder) if not os.path.islink(os.path.join(folder, f)))
text = b"".join(open(os.path.join(folder, f), "rb").read() for f in files)
ids = torch.from_numpy(np.frombuffer(text, np.uint8).astype(np.int64))
count = (len(ids) - length - (1 if causal else 0)) // length + 1
x = torch.stack([ids[i * length : (i + 1) * length] for i in range(count)])
vocabulary = 256 if causal else 257
if causal:
    y = torch.stack([ids[i * length + 1 : (i + 1) * length + 1] for i in range(count)])
else:
    draw = torch.Generator().manual_seed(0)
    y = torch.full_like(x, -1)
    for i in range(count):
        places = torch.randperm(length, generator=draw)[: max(1, round(0.15 * length))]
        y[i, places] = x[i, places]
        how = torch.rand(len(places), generator=draw)
        other = torch.randint(256, (len(places),), generator=draw)
        x[i, places] = torch.where(how < 0.8, 256, torch.where(how < 0.9, other, x[i, places]))
held = torch.arange(count) % 10 == 9


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, dropout=0.1, batch_first=True)
        self.norms = nn.ModuleList(nn.LayerNorm(width, eps=1e-5 if causal else 1e-12) for _ in range(2))
        self.dense = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width))
        self.drop = nn.Dropout(0.1)

    def forward(self, v):
        def attend(u):
            mask = nn.Transformer.generate_square_subsequent_mask(length) if causal else None
            return self.attention(u, u, u, attn_mask=mask, is_causal=causal, need_weights=False)[0]

        for norm, half in zip(self.norms, (attend, self.dense)):
            v = v + self.drop(half(norm(v))) if causal else norm(v + self.drop(half(v)))
        return v


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        epsilon = 1e-5 if causal else 1e-12
        self.first = nn.Identity() if causal else nn.LayerNorm(width, eps=epsilon)
        self.drop = nn.Dropout(0.1)
        self.blocks = nn.Sequential(*(Block() for _ in range(depth)))
        norm, head = nn.LayerNorm(width, eps=epsilon), nn.Linear(width, vocabulary, bias=not causal)
        self.head = nn.Sequential(norm, head) if causal else nn.Sequential(nn.Linear(width, width), nn.GELU(), norm, head)
        for part in self.modules():
            if isinstance(part, nn.Embedding):
                nn.init.trunc_normal_(part.weight, std=0.02, a=-0.04, b=0.04)
            if isinstance(part, nn.Linear):
                nn.init.xavier_uniform_(part.weight)
            if isinstance(part, nn.Linear) and part.bias is not None:
                nn.init.zeros_(part.bias)

    def forward(self, i):
        return self.head(self.blocks(self.drop(self.first(self.words(i) + self.places.weight))))


def loss_of(logits, labels):
    return nn.functional.cross_entropy(logits.reshape(-1, vocabulary), labels.reshape(-1), ignore_index=-1)


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=rate, eps=1e-7, weight_decay=0.004)
train_x, train_y = x[~held], y[~held]
for epoch in range(epochs):
    model.train()
    order = torch.randperm(len(train_x))
    for at in range(0, len(order), batch):
        rows = order[at : at + batch]
        optimizer.zero_grad()
        loss_of(model(train_x[rows]), train_y[rows]).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(f"epoch {epoch + 1}: held-out loss {loss_of(model(x[held]), y[held]).item():.4f}", flush=True)
print(f"{sum(p.numel() for p in model.parameters())} parameters; a guess that knows nothing: {math.log(256):.4f}")
