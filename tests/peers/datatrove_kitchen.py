"""Cleans and deduplicates with datatrove and with Ingot, in turns, and prints seconds and ratios.

usage: datatrove_kitchen.py INGOT FOLDER [--workers N] [--rounds N]
needs: pip install 'datatrove[processing]==0.10.1' spacy nltk

INGOT is the program, FOLDER holds JSONL files whose records have a `text` and an `id`. Both read the files and write what is
left: once after the filters of Gopher (repetition, quality), C4 and FineWeb, once after MinHash with 14 bands of 8 rows over
5-grams. Seconds are of the wall clock; of Ingot's they are the ones that `ingot bench data` prints.
"""
import argparse
import glob
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time


def kept(folder):
    return sum(1 for path in glob.glob(os.path.join(folder, "*.gz")) for _ in gzip.open(path))


def filters(folder, work, workers):
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline import filters as peer
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    kinds = [peer.GopherRepetitionFilter(), peer.GopherQualityFilter(), peer.C4QualityFilter(), peer.FineWebQualityFilter()]
    steps = [JsonlReader(folder), *kinds, JsonlWriter(f"{work}/out")]
    LocalPipelineExecutor(steps, tasks=8, workers=workers, logging_dir=f"{work}/logs").run()


def minhash(folder, work, workers):
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline import dedup as peer
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    shape = MinhashConfig(num_buckets=14, hashes_per_bucket=8, n_grams=5)

    def stage(name, tasks, *steps):
        logs = f"{work}/logs/{name}"
        LocalPipelineExecutor(list(steps), tasks=tasks, workers=min(workers, tasks), logging_dir=logs).run()

    stage("sign", 8, JsonlReader(folder), peer.MinhashDedupSignature(f"{work}/signed", config=shape))
    stage("match", 14, peer.MinhashDedupBuckets(f"{work}/signed", f"{work}/matched", config=shape))
    stage("join", 1, peer.MinhashDedupCluster(f"{work}/matched", f"{work}/gone", config=shape))
    stage("drop", 8, JsonlReader(folder), peer.MinhashDedupFilter(f"{work}/gone"), JsonlWriter(f"{work}/out"))


WORK = {"data.filters_seconds": filters, "data.minhash_seconds": minhash}


def of_the_peer(name, folder, workers):
    """Seconds of a process of its own, and the documents that it kept."""
    with tempfile.TemporaryDirectory() as work:
        call = [sys.executable, __file__, "--peer", name, folder, "--work", work, "--workers", str(workers)]
        begun = time.perf_counter()
        subprocess.run(call, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun, kept(f"{work}/out")


def of_ingot(program, folder, workers):
    call = [program, "bench", "data", "--input", folder, "--threads", str(workers), "--json"]
    printed = subprocess.run(call, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    lines = [json.loads(line) for line in printed.splitlines()]
    return {line["name"]: line["value"] for line in lines if line["kind"] == "bench"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peer:
        WORK[asked.program](asked.folder, asked.work, asked.workers)
        return
    ratios = {name: [] for name in WORK}
    for _ in range(asked.rounds):
        ours = of_ingot(asked.program, asked.folder, asked.workers)
        for name in WORK:
            seconds, left = of_the_peer(name, asked.folder, asked.workers)
            again = of_ingot(asked.program, asked.folder, asked.workers)[name]
            mine = min(ours[name], again)
            ratios[name].append(seconds / mine)
            print(f"{name}: datatrove {seconds:.1f} s ({left:,} kept), Ingot {ours[name]} and {again} s: {seconds / mine:.0f} x", flush=True)
    for name, found in ratios.items():
        print(f"{name}: median {statistics.median(found):.0f} x")


if __name__ == "__main__":
    main()
