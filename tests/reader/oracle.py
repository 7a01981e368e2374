"""Runs in the oracle's own environment (Transformers 4.57 and torch), never in ours.

`oracle.py logits MODEL IDS.json` prints the model's start and end logits; `oracle.py pipeline MODEL PAIRS.json` prints
the pipeline's answers; `oracle.py squad_v2 THRESHOLD ROWS.json` prints the v2.0 metrics. Each writes one line of JSON.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
import transformers

warnings.simplefilter("ignore")
transformers.logging.set_verbosity_error()
torch.set_num_threads(1)


def logits(model, rows):
    loaded, info = transformers.AutoModelForQuestionAnswering.from_pretrained(model, output_loading_info=True)
    assert not info["missing_keys"], info
    assert not info["unexpected_keys"], info
    loaded.eval()
    wanted = loaded.forward.__code__.co_varnames
    found = []
    with torch.no_grad():
        for row in rows:
            inputs = {"input_ids": torch.tensor([row["ids"]])}
            if "token_type_ids" in wanted and loaded.config.type_vocab_size > 1:
                inputs["token_type_ids"] = torch.tensor([row["types"]])
            out = loaded(**inputs)
            found.append([out.start_logits[0].tolist(), out.end_logits[0].tolist()])
    return found


def pipeline(model, requests):
    run = transformers.pipeline("question-answering", model=model)
    found = []
    for request in requests:
        answers = run(question=request["question"], context=request["context"], **request["parameters"])
        found.append(answers if isinstance(answers, list) else [answers])
    return found


def squad_v2(threshold, rows):
    from transformers.data.metrics.squad_metrics import squad_evaluate
    from transformers.data.processors.squad import SquadExample

    examples = [
        SquadExample(r["id"], "?", "c", None, None, None, answers=[{"text": g} for g in r["golds"]]) for r in rows
    ]
    predictions, nulls = {r["id"]: r["prediction"] for r in rows}, {r["id"]: r["null"] for r in rows}
    return squad_evaluate(examples, predictions, nulls, float(threshold))


if __name__ == "__main__":
    work = json.loads(Path(sys.argv[3]).read_text(encoding="utf-8"))
    print(json.dumps({"logits": logits, "pipeline": pipeline, "squad_v2": squad_v2}[sys.argv[1]](sys.argv[2], work)))
