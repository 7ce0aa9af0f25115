"""Compares an exported model's logits in Hugging Face transformers with Ingot's own.

usage: transformers_logits.py EXPORTED_FOLDER LOGITS.json
needs: pip install torch transformers

LOGITS.json is what `cargo run --release -p ingot-trainer --example logits -- EXPORTED_FOLDER` prints: a text, its token
ids, and the logits (time by vocabulary) that follow them. Prints the largest difference; exits with 1 above 1e-3.
"""
import json
import sys

import torch
from transformers import AutoTokenizer, LlamaForCausalLM

folder, path = sys.argv[1], sys.argv[2]
ours = json.load(open(path))
model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)
ids = tokenizer(ours["text"], add_special_tokens=False)["input_ids"]
assert ids == ours["ids"], f"other token ids: {ids[:8]} {ours['ids'][:8]}"
with torch.no_grad():
    theirs = model(torch.tensor([ids])).logits[0]
mine = torch.tensor(ours["logits"]).reshape(theirs.shape)
difference = (theirs - mine).abs().max().item()
print(f"{type(model).__name__}: {len(ids)} tokens, {theirs.shape[1]} logits each, largest difference {difference:.2e}")
sys.exit(difference > 1e-3)
