"""Decides about documents with datatrove and with Ingot, and prints how many decisions and texts differ.

usage: datatrove_decisions.py INGOT FOLDER [--documents N] [--minhash]
needs: pip install 'datatrove[processing]==0.10.1' spacy nltk

INGOT is the program, FOLDER holds JSONL files whose records have a `text`. The filters of Gopher (repetition, quality), C4 and
FineWeb decide one by one and then in a chain, about the first N documents; last comes the older version of the first, which cuts
words by a rule of its own. With `--minhash` all documents go through MinHash with 14 bands of 8 rows over 5-grams instead.
"""
import argparse
import glob
import json
import os
import subprocess
import tempfile

STEPS = ["filter.gopher-repetition@2", "filter.gopher-quality@1", "filter.c4@1", "filter.fineweb@1"]
OLDER = "filter.gopher-repetition@1"
MINHASH = "dedup.minhash@2: {profile: datatrove, ngram_words: 5, bands: 14, rows: 8, seed: 1}"


def peers():
    from datatrove.pipeline import filters as peer

    kinds = [peer.GopherRepetitionFilter(), peer.GopherQualityFilter(), peer.C4QualityFilter(), peer.FineWebQualityFilter()]
    return dict(zip(STEPS, kinds)) | {OLDER: kinds[0]}


def of_the_peer(kind, texts):
    """Each text as the filter leaves it; None where it is dropped."""
    from datatrove.data import Document

    left = []
    for number, text in enumerate(texts):
        document = Document(text=text, id=str(number))
        decision = kind.filter(document)
        left.append(document.text if (decision[0] if isinstance(decision, tuple) else decision) else None)
    return left


def of_ingot(program, step, texts):
    """The same of Ingot."""
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "in.jsonl")
        with open(path, "w") as file:
            file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
        call = [program, "try", step, path, "--json"]
        printed = subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = [json.loads(line) for line in printed.splitlines()]
    outcomes = [line for line in lines if line["kind"] == "outcome"]
    assert len(outcomes) == len(texts)
    left = {"kept": lambda _, text: text, "changed": lambda line, _: line["after"], "dropped": lambda *_: None}
    return [left[line["decision"]](line, text) for line, text in zip(outcomes, texts)]


def compared(name, theirs, ours):
    decisions = sum((a is None) != (b is None) for a, b in zip(theirs, ours))
    texts = sum(None not in (a, b) and a != b for a, b in zip(theirs, ours))
    kept = sum(text is not None for text in theirs)
    print(f"{name}: {len(theirs):,} documents, datatrove keeps {kept:,}; other decisions {decisions:,}, other texts {texts:,}", flush=True)


def through(steps, texts, decide):
    """The texts through some steps; what is dropped stays so."""
    left = dict(enumerate(texts))
    for step in steps:
        after = decide(step, list(left.values()))
        left = {number: text for number, text in zip(left, after) if text is not None}
    return [left.get(number) for number in range(len(texts))]


def minhash(program, texts):
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline import dedup as peer
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    shape = MinhashConfig(num_buckets=14, hashes_per_bucket=8, n_grams=5)
    with tempfile.TemporaryDirectory() as work:
        os.mkdir(f"{work}/in")
        with open(f"{work}/in/all.jsonl", "w") as file:
            file.writelines(json.dumps({"text": text, "id": str(n)}) + "\n" for n, text in enumerate(texts))

        def stage(name, tasks, *steps):
            LocalPipelineExecutor(list(steps), tasks=tasks, logging_dir=f"{work}/logs/{name}").run()

        stage("sign", 1, JsonlReader(f"{work}/in"), peer.MinhashDedupSignature(f"{work}/signed", config=shape))
        stage("match", 14, peer.MinhashDedupBuckets(f"{work}/signed", f"{work}/matched", config=shape))
        stage("join", 1, peer.MinhashDedupCluster(f"{work}/matched", f"{work}/gone", config=shape))
        stage(
            "drop", 1, JsonlReader(f"{work}/in"), peer.MinhashDedupFilter(f"{work}/gone"),
            JsonlWriter(f"{work}/out", output_filename="${rank}.jsonl", compression=None),
        )
        theirs = [None] * len(texts)
        for path in glob.glob(f"{work}/out/*"):
            for line in open(path):
                number = int(json.loads(line)["id"])
                theirs[number] = texts[number]
    ours = of_ingot(program, MINHASH, texts)
    compared("dedup.minhash@2", theirs, ours)
    print(f"dedup.minhash@2: Ingot keeps {sum(text is not None for text in ours):,}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--documents", type=int, default=15_800)
    parser.add_argument("--minhash", action="store_true")
    asked = parser.parse_args()
    lines = (line for path in sorted(glob.glob(os.path.join(asked.folder, "*.jsonl"))) for line in open(path))
    texts = [json.loads(line)["text"] for line in lines]
    if asked.minhash:
        return minhash(asked.program, texts)
    texts = texts[: asked.documents]
    kinds = peers()
    theirs = lambda step, texts: of_the_peer(kinds[step], texts)
    ours = lambda step, texts: of_ingot(asked.program, step, texts)
    for steps in [*([step] for step in STEPS), STEPS, [OLDER]]:
        compared(", ".join(steps), through(steps, texts, theirs), through(steps, texts, ours))


if __name__ == "__main__":
    main()
