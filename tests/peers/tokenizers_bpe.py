"""Trains and encodes with Hugging Face's `tokenizers` and with Ingot, in turns, and prints the ratios and whether both agree.

usage: tokenizers_bpe.py INGOT FOLDER [--threads N] [--rounds N]
needs: pip install tokenizers transformers

INGOT is the program, FOLDER holds JSONL files whose records have a `text`. Both read the files, train a byte-level vocabulary of
8,192 and write it; then both encode the texts. `transformers` loads Ingot's file too. Exit 0 if all merges and ids agree.
"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

VOCABULARY = 8192


def texts(folder):
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl"))):
        with open(path, encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield json.loads(line)["text"]


def of_the_peer(folder, written):
    """Seconds from the files to the written vocabulary, megabytes encoded per second."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    begun = time.perf_counter()
    peer = Tokenizer(models.BPE())
    peer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    peer.decoder = decoders.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=2,
        show_progress=False,
        special_tokens=["<|end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    peer.train_from_iterator(texts(folder), trainer)
    peer.save(written)
    seconds = time.perf_counter() - begun
    peer.encode_special_tokens = True
    held = list(texts(folder))
    size = sum(len(text.encode()) for text in held) / 1e6
    begun = time.perf_counter()
    # Encoded in lots: all encodings at once, with their offsets, take many times the memory of the ids.
    for start in range(0, len(held), 4096):
        peer.encode_batch_fast(held[start : start + 4096], add_special_tokens=False)
    return seconds, size / (time.perf_counter() - begun)


def of_ingot(ingot, folder, written, threads):
    command = [ingot, "bench", "data", "--json", "--input", folder, "--threads", str(threads), "--tokenizer", written]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    figures = {line["name"]: line["value"] for line in map(json.loads, lines)}
    return figures["data.tokenizer_train_seconds"], figures["data.encode_mb_per_second"]


def agree(folder, ours, theirs, ids):
    """Whether the merges are the same, and the ids of every text in both libraries."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    def model(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)["model"]

    one, other = model(ours), model(theirs)
    same_merges = one["merges"] == other["merges"] and one["vocab"] == other["vocab"]
    loaded, peer = Tokenizer.from_file(ours), Tokenizer.from_file(theirs)
    wrapped = PreTrainedTokenizerFast(tokenizer_file=ours, bos_token="<|end|>", eos_token="<|end|>")
    for tokenizer in (loaded, peer):
        tokenizer.encode_special_tokens = True
    differ = 0
    with open(ids, encoding="utf-8") as lines:
        for number, (text, line) in enumerate(zip(texts(folder), lines, strict=True)):
            wanted = json.loads(line)
            found = [loaded.encode(text, add_special_tokens=False).ids, peer.encode(text, add_special_tokens=False).ids]
            if number % 50 == 0:
                found.append(wrapped(text, add_special_tokens=False)["input_ids"])
                found.append(wanted if loaded.decode(wanted) == text else None)
            differ += any(one != wanted for one in found)
    return same_merges, differ


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ingot")
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ["RAYON_NUM_THREADS"] = str(options.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as scratch:
        files = [os.path.join(scratch, name) for name in ("ingot.json", "peer.json", "ids.jsonl")]
        for _ in range(options.rounds):
            ours.append(of_ingot(options.ingot, options.folder, files[0], options.threads))
            theirs.append(of_the_peer(options.folder, files[1]))
            print(f"train {ours[-1][0]:.2f} s, peer {theirs[-1][0]:.2f} s; ", end="")
            print(f"encode {ours[-1][1]:.1f} MB/s, peer {theirs[-1][1]:.1f} MB/s", flush=True)
        train = statistics.median(one[0] / other[0] for one, other in zip(ours, theirs))
        encode = statistics.median(one[1] / other[1] for one, other in zip(ours, theirs))
        print(f"training takes {train:.3f} of the peer's time; encoding is {encode:.1f} times as fast")
        command = [options.ingot, "bench", "data", "--input", options.folder, "--tokenizer", files[0], "--ids", files[2]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        same_merges, differ = agree(options.folder, *files)
    print(f"merges {'agree' if same_merges else 'DIFFER'}; {differ} texts have other ids")
    return 0 if same_merges and differ == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
