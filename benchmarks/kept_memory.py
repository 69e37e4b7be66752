"""Training steps with freed memory kept for the next one, and given back to the system, in turn.

Random pictures, one thread, processor time (which page faults are part of):

    python benchmarks/kept_memory.py efficientnet_b0 --batch 64
"""

from __future__ import annotations

import argparse
import statistics
import time
from contextlib import nullcontext

import torch
from torch.nn import functional

from tejido.models import zoo
from tejido.training.memory import kept_memory

STEPS, ROUNDS = 2, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network")
    parser.add_argument("--batch", type=int, default=64)
    given = parser.parse_args()
    torch.set_num_threads(1)
    network = zoo.build(given.network, 2).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters())
    images = torch.randint(0, 256, (given.batch, 3, 128, 128), dtype=torch.uint8)
    labels = torch.randint(0, 2, (given.batch,))

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(network(images), labels).backward()
        optimizer.step()

    rates: dict[str, list[float]] = {"given back": [], "kept": []}
    for _ in range(ROUNDS):
        for name, measured in rates.items():
            with kept_memory() if name == "kept" else nullcontext():
                step()
                start = time.process_time()
                for _ in range(STEPS):
                    step()
                measured.append(STEPS * given.batch / (time.process_time() - start))
    for name, measured in rates.items():
        print(f"{name}: {statistics.median(measured):.1f} images/s ({min(measured):.1f} to {max(measured):.1f})")


if __name__ == "__main__":
    main()
