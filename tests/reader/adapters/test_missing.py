"""A framework that is not installed is named, with the extra that installs it."""

from __future__ import annotations

import importlib
import sys

import pytest

from drystone.errors import MissingExtraError


@pytest.mark.parametrize(
    ("adapter", "package"), [("haystack", "haystack"), ("langchain", "langchain_core"), ("mlflow", "mlflow")]
)
def test_an_adapter_without_its_framework_names_the_extra(
    adapter: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"drystone.reader.adapters.{adapter}", raising=False)
    with pytest.raises(MissingExtraError, match=rf"is not installed.*drystone\[{adapter}\]"):
        importlib.import_module(f"drystone.reader.adapters.{adapter}")
