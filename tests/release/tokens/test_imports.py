from __future__ import annotations

import random
import time

import pytest

from drystone.release.exports.tokens.imports import SourceFile, dependency_order

REPOSITORIES = {
    "Python": {
        "/src/pkg/__init__.py": "from .app import run\n",
        "/src/pkg/app.py": "from pkg.core import base\nimport os, pkg.tools\n",
        "/src/pkg/core/base.py": "import json\n",
        "/src/pkg/tools.py": "from . import zeta\n",
        "/src/pkg/zeta.py": "from .core.base import (\n    x)\n",
    },
    "JavaScript": {
        "/a.js": "import x from './lib'\nconst y = require('./util.js')\n",
        "/lib/index.js": "export * from '../util'\n",
        "/util.js": "import fs from 'fs'\n",
    },
    "C": {"/main.c": '#include "z/list.h"\n#include <stdio.h>\n', "/z/list.h": "#include <mem.h>\n", "/z/mem.h": "\n"},
    "Java": {"/src/a/App.java": "import z.b.Tool;\n", "/src/z/b/Tool.java": "package z.b;\n"},
    "Rust": {
        "/src/lib.rs": "mod parse;\npub mod tree;\n",
        "/src/parse.rs": "use crate::tree::Node;\n",
        "/src/tree/mod.rs": "",
    },
    "Ruby": {"/a.rb": "require_relative 'lib/b'\n", "/lib/b.rb": "require 'json'\n"},
    "PHP": {"/a.php": "<?php require_once __DIR__ . '/inc/b.php';\n", "/inc/b.php": "<?php\n"},
    "Go": {"/a/main.go": 'import (\n\t"fmt"\n\tz "example.org/m/z/tool"\n)\n', "/z/tool/tool.go": "package z\n"},
}  # fmt: skip
FIRST = {
    "Python": [
        f"/src/pkg/{name}" for name in ("core/base.py", "zeta.py", "tools.py", "app.py", "__init__.py")
    ],
    "JavaScript": ["/util.js", "/lib/index.js", "/a.js"],
    "C": ["/z/mem.h", "/z/list.h", "/main.c"],
    "Java": ["/src/z/b/Tool.java", "/src/a/App.java"],
    "Rust": ["/src/tree/mod.rs", "/src/parse.rs", "/src/lib.rs"],
    "Ruby": ["/lib/b.rb", "/a.rb"],
    "PHP": ["/inc/b.php", "/a.php"],
    "Go": ["/z/tool/tool.go", "/a/main.go"],
}  # fmt: skip


@pytest.mark.parametrize("language", REPOSITORIES)
def test_what_is_imported_comes_first(language: str) -> None:
    files = [SourceFile(path, language, text) for path, text in REPOSITORIES[language].items()]
    for seed in range(3):
        random.Random(seed).shuffle(files)
        assert [files[at].path for at in dependency_order(files)] == FIRST[language]


def test_circles_unknown_names_and_ambiguous_ones_leave_the_order_of_paths() -> None:
    texts = {"/b.py": "import a", "/a.py": "import b\nimport same", "/x/same.py": "", "/y/same.py": "import os"}
    files = [SourceFile(path, "Python", text) for path, text in texts.items()]
    assert [files[at].path for at in dependency_order(files)] == ["/b.py", "/a.py", "/x/same.py", "/y/same.py"]
    many = [SourceFile(f"/m{n:05}.py", "Python", f"import m{n + 1:05}") for n in range(3000)]
    assert [many[at].path for at in dependency_order(many)] == [f"/m{n:05}.py" for n in reversed(range(3000))]


def test_many_files_of_one_name_take_linear_time() -> None:
    text = "import os.utils\nimport x.utils\nimport y.utils\n"
    files = [SourceFile(f"/p{n:04}/utils.py", "Python", text) for n in range(2000)]
    begun = time.process_time()
    assert dependency_order(files) == list(range(2000))
    assert time.process_time() - begun < 5
