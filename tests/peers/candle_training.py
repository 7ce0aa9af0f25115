"""Trains the model of `ingot bench train` with candle's own operations and with Ingot's, in turns, and prints the ratios.

usage: candle_training.py INGOT CANDLE [--threads N] [--rounds N]
needs: cargo build --release -p ingot-trainer --example candle_training

INGOT is the program, CANDLE the example built by that command. Both take the median of their steps.
"""
import argparse
import json
import os
import statistics
import subprocess


def ingot(program, threads):
    """Tokens per second of Ingot."""
    printed = subprocess.run(
        [program, "bench", "train", "--json", "--threads", str(threads)],
        check=True, capture_output=True, text=True,
    ).stdout
    figures = {line["name"]: line["value"] for line in map(json.loads, printed.splitlines()) if line["kind"] == "bench"}
    return figures["train.tokens_per_second"]


def candle(program, threads):
    """Tokens per second of candle's own operations."""
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
    printed = subprocess.run([program], check=True, capture_output=True, text=True, env=environment).stdout
    return json.loads(printed)["tokens_per_second"]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("ingot")
    arguments.add_argument("candle")
    arguments.add_argument("--threads", type=int, default=os.cpu_count())
    arguments.add_argument("--rounds", type=int, default=3)
    asked = arguments.parse_args()
    ratios = []
    for _ in range(asked.rounds):
        ours, theirs = ingot(asked.ingot, asked.threads), candle(asked.candle, asked.threads)
        ratios.append(ours / theirs)
        print(f"Ingot {ours:.0f} tokens/s, candle's own operations {theirs:.0f}, ratio {ratios[-1]:.2f}")
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
