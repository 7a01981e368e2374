"""Runs in the oracle's own environment (Transformers 4.57 and torch), never in ours.

`oracle.py logits MODEL IDS.json` prints the model's start and end logits; `oracle.py pipeline MODEL PAIRS.json` prints
the pipeline's answers. Both read a list of requests and write one JSON list.
"""

import json
import sys
import warnings

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


if __name__ == "__main__":
    with open(sys.argv[3], encoding="utf-8") as file:
        work = json.load(file)
    print(json.dumps({"logits": logits, "pipeline": pipeline}[sys.argv[1]](sys.argv[2], work)))
