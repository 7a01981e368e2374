"""A benchmark of five tasks, and code in another dress."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SOLUTION = '''def close_pairs(numbers, threshold):
    """Tell whether any two numbers of the list are closer to each other than the given threshold."""
    for idx, elem in enumerate(numbers):
        for idx2, elem2 in enumerate(numbers):
            if idx != idx2:
                distance = abs(elem - elem2)
                if distance < threshold:
                    return True
    return False
'''
#: The same with other names, another comment, other white space and literals.
DRESSED = """def paires_proches(liste, seuil):
    # Cherche deux valeurs voisines.
    for i, a in enumerate( liste ):
        for j, b in enumerate(liste):
            if i != j:

                ecart = abs(a - b)
                if ecart < seuil: return True
    return False
"""
GCD = "def gcd(a, b):\n    while b:\n        a, b = b, a % b\n    return a\n"
QUESTION = (
    "A mason lays four courses of twelve stones each on Monday and twice as many on Tuesday; every seventh stone is "
    "cut to fit a corner. How many stones of both days together were cut, and how many courses are there?"
)


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    path = tmp_path / "walls.jsonl"
    rows = [
        {"task_id": "walls/0", "text": "Find close pairs.", "code": SOLUTION},
        {"task_id": "walls/1", "text": "Greatest common divisor.", "code": GCD},
        {"task_id": "walls/2", "text": QUESTION, "code": "pass"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
