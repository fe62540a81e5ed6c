"""The training step of dense-step.ts in PyTorch, eager, float32, on the processor. Prints its median time, and the
number of threads, as JSON."""
import json
import os
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

LAYERS, D, H, I, V, B, T = 4, 256, 8, 1024, 512, 16, 128


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.mlp_norm = nn.RMSNorm(D, eps=1e-6), nn.RMSNorm(D, eps=1e-6)
        self.q, self.k, self.v, self.o = (nn.Linear(D, D, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(D, I, bias=False) for _ in range(2))
        self.down = nn.Linear(I, D, bias=False)

    def forward(self, h):
        x = self.attention_norm(h)
        q, k, v = (w(x).view(B, T, H, D // H).transpose(1, 2) for w in (self.q, self.k, self.v))
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        h = h + self.o(attended.transpose(1, 2).reshape(B, T, D))
        x = self.mlp_norm(h)
        return h + self.down(F.silu(self.gate(x)) * self.up(x))


torch.set_num_threads(os.cpu_count())
torch.manual_seed(1)
model = nn.Sequential(nn.Embedding(V, D), *[Block() for _ in range(LAYERS)], nn.Linear(D, V, bias=False))
adam = torch.optim.Adam(model.parameters(), lr=1e-3)
ids = torch.randint(V, (B, T))
targets = ids.flatten().roll(-1)


def step():
    adam.zero_grad()
    F.cross_entropy(model(ids).view(-1, V), targets).backward()
    adam.step()


step()
times = []
for _ in range(5):
    start = time.perf_counter()
    step()
    times.append(1000 * (time.perf_counter() - start))
print(json.dumps({"milliseconds": statistics.median(times), "threads": torch.get_num_threads()}))
