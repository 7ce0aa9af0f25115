"""Trains the model of `ingot bench train` in PyTorch and in Ingot, in turns, and prints the ratios.

usage: torch_training.py INGOT [--threads N] [--rounds N] [--tier TIER]
needs: pip install torch numpy

INGOT is the program. Model: 6 layers, width 384, 6 heads, hidden 1,024, vocabulary 8,192, 8 sequences of 256 tokens a step,
f32, AdamW, gradients clipped to norm 1. PyTorch runs eagerly, with its fused AdamW; the median of ten steps after three counts.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

LAYERS, WIDTH, HEADS, HIDDEN, VOCABULARY, CONTEXT, SEQUENCES = 6, 384, 6, 1024, 8192, 256, 8


def train_with_torch(threads):
    """Prints tokens per second and peak memory of this process, as JSON."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    head_width = WIDTH // HEADS
    rates = 10000.0 ** (-torch.arange(0, head_width, 2, dtype=torch.float32) / head_width)
    angles = torch.arange(CONTEXT, dtype=torch.float32)[:, None] * rates
    cosine, sine = angles.cos(), angles.sin()

    def turned(x):
        first, second = x.split(head_width // 2, dim=-1)
        return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention_gain = nn.Parameter(torch.ones(WIDTH))
            self.feed_gain = nn.Parameter(torch.ones(WIDTH))
            self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
            self.out = nn.Linear(WIDTH, WIDTH, bias=False)
            self.gate = nn.Linear(WIDTH, HIDDEN, bias=False)
            self.up = nn.Linear(WIDTH, HIDDEN, bias=False)
            self.down = nn.Linear(HIDDEN, WIDTH, bias=False)

        def forward(self, x):
            batch, time_steps, _ = x.shape
            packed = self.qkv(F.rms_norm(x, (WIDTH,), self.attention_gain, 1e-5))
            heads = packed.view(batch, time_steps, 3, HEADS, head_width).permute(2, 0, 3, 1, 4)
            query, key, value = heads.unbind(0)
            attended = F.scaled_dot_product_attention(turned(query), turned(key), value, is_causal=True)
            x = x + self.out(attended.transpose(1, 2).flatten(2))
            normed = F.rms_norm(x, (WIDTH,), self.feed_gain, 1e-5)
            return x + self.down(F.silu(self.gate(normed)) * self.up(normed))

    embedding = nn.Embedding(VOCABULARY, WIDTH)
    blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
    gain = nn.Parameter(torch.ones(WIDTH))
    head = nn.Linear(WIDTH, VOCABULARY, bias=False)
    weights = [*embedding.parameters(), *blocks.parameters(), gain, *head.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=3e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    took = []
    for _ in range(13):
        ids = torch.randint(VOCABULARY, (SEQUENCES, CONTEXT + 1))
        begun = time.perf_counter()
        hidden = F.rms_norm(blocks(embedding(ids[:, :-1])), (WIDTH,), gain, 1e-5)
        loss = F.cross_entropy(head(hidden).flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        took.append(time.perf_counter() - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"rate": SEQUENCES * CONTEXT / statistics.median(took[3:]), "memory": peak}))


def torch_once(threads):
    command = [sys.executable, os.path.abspath(__file__), "torch", "--threads", str(threads)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(out.splitlines()[-1])
    return found["rate"], found["memory"]


def ingot_once(program, threads, tier):
    environment = dict(os.environ, **({"INGOT_TIER": tier} if tier else {}))
    command = [program, "bench", "train", "--json", "--threads", str(threads)]
    out = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    found = {line["name"]: line["value"] for line in map(json.loads, out.splitlines())}
    return found["train.tokens_per_second"], found["train.peak_memory_mb"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ingot")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tier")
    given = parser.parse_args()
    if given.ingot == "torch":
        return train_with_torch(given.threads)
    ratios = []
    for _ in range(given.rounds):
        ours, theirs = ingot_once(given.ingot, given.threads, given.tier), torch_once(given.threads)
        ratios.append((ours[0] / theirs[0], ours[1] / theirs[1]))
        print(f"Ingot {ours[0]:.0f} tokens/s in {ours[1]:.0f} MB, PyTorch {theirs[0]:.0f} in {theirs[1]:.0f} MB")
    speed, memory = (statistics.median(column) for column in zip(*ratios))
    print(f"median ratios: speed {speed:.2f}, memory {memory:.2f}")


if __name__ == "__main__":
    main()
