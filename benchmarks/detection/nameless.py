"""Small files of our own without a telling name: code in common languages, and files that no language is settled for.

`CODE` holds (language, text) of files without a name. `NOTHING` holds (name, text) of files for which neither says a
language: the right answer is none, or Text. Both stand in nameless.jsonl.
"""

import json
from pathlib import Path
from typing import Final

_ROWS: Final = [json.loads(line) for line in Path(__file__).with_suffix(".jsonl").read_text("utf-8").splitlines()]
CODE: Final = tuple((row["language"], row["text"]) for row in _ROWS if row["language"])
NOTHING: Final = tuple((row["name"], row["text"]) for row in _ROWS if not row["language"])
