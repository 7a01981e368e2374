"""The texts beside a release: card, change log and citation say what manifest and counts say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from drystone.release.documents.card import changelog, changelog_entry, readme
from drystone.release.documents.citations import citation_cff
from drystone.release.inspection.stats import stats
from drystone.release.layout import language_folder
from drystone.release.manifest import EarlierVersion
from drystone.release.read import Release, open_release
from tests.release.sample import FACTS


def test_the_front_matter_has_a_configuration_for_each_language(sample_release: Path) -> None:
    release = open_release(sample_release)
    text = "".join(readme(release, stats(release)))
    front = yaml.safe_load(text.split("---\n")[1])
    whole, *of_languages = front["configs"]
    assert whole == {"config_name": "default", "data_files": [{"split": "train", "path": "data/*/*.parquet"}]}
    names = [config["config_name"] for config in of_languages]
    assert names == [language_folder(language) for language in sorted(release.manifest.languages)]
    assert "F%2A" in names
    listed = [path for config in of_languages for split in config["data_files"] for path in split["path"]]
    assert sorted(listed) == [entry.place for entry in release.manifest.of_kind("data")]
    sizes = {info["config_name"]: info["splits"][0]["num_examples"] for info in front["dataset_info"]}
    assert sizes.pop("default") == sum(sizes.values()) == release.manifest.counts.kept
    assert text == (sample_release / "README.md").read_text()


@pytest.mark.filterwarnings("ignore")
def test_the_snippets_of_a_card_run_as_they_stand(
    sample_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is a dev extra")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    snippets = re.findall(r"```python\n(.*?)```", (sample_release / "README.md").read_text(), re.DOTALL)
    assert len(snippets) == 3
    said = []
    for snippet in snippets:
        exec(snippet.replace("FOLDER", str(sample_release)), {})
        said.append(capsys.readouterr().out)
    language = sorted(open_release(sample_release).languages)[0]
    texts = {row["content"] for row in open_release(sample_release).files(language, ["content"])}
    assert said[0].removesuffix("\n") in texts
    assert "license_expression" in said[1]
    assert said[2].count("'license_basis': 'text'") == len(texts)


def test_a_card_has_the_numbers_that_are_asked_for(sample_release: Path) -> None:
    release = open_release(sample_release)
    text = (sample_release / "README.md").read_text()
    dropped = [row["reason"] for table in release.ledger(["reason"]) for row in table.to_pylist()]
    assert f"| exact duplicates that were dropped | {dropped.count('exact_duplicate'):,} files |" in text
    assert f"| near duplicates that were dropped | {dropped.count('near_duplicate'):,} files |" in text
    rows = list(release.files(columns=["license_basis", "redactions", "license_type"]))
    assert f"| text | {sum(row['license_basis'] == 'text' for row in rows):,} |" in text
    assert f"| key | {sum(len(row['redactions']) for row in rows)} |" in text
    assert f"licence that could be found | {sum(row['license_type'] == 'no_license' for row in rows)} (" in text
    assert "| decontamination (files of benchmarks) | unknown: no benchmark was compared |" in text
    columns = re.findall(r"^\| `([a-z_0-9]+)` \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)
    assert columns == list(release.manifest.columns["data"])
    assert f"drystone verify FOLDER --root {release.root}" in text


def test_what_nobody_counted_is_unknown_and_not_none(sample_release: Path) -> None:
    release = open_release(sample_release)
    files = tuple(entry.model_copy(update={"redactions": None, "bases": None}) for entry in release.manifest.files)
    facts = release.manifest.facts.model_copy(update={"registry_head": None, "near_duplicate_threshold": None})
    older = Release(release.path, release.manifest.model_copy(update={"files": files, "facts": facts}))
    text = "".join(readme(older, stats(older)))
    assert text.count("Unknown: an older program wrote this release and did not count.") == 2
    assert "| near duplicates that were dropped | not sought |" in text
    assert "| opted out | unknown: no registry" in text
    assert "of whose licence nothing in the release speaks | unknown |" in text


def test_a_change_log_begins_with_this_version_and_says_what_it_follows() -> None:
    first = "\n".join(changelog_entry(FACTS, "a" * 64))
    assert "The first release under this name." in first
    before = EarlierVersion(version="1.0.0", root="a" * 64, retracted=True)
    facts = FACTS.model_copy(update={"version": "1.0.1", "previous": before, "changes": ("- less",)})
    text = "".join(changelog(facts, "b" * 64))
    assert text.startswith("# Changes of Sample stones\n\n## 1.0.1 (2026-01-02)\n")
    assert "Version 1.0.0 is retracted" in text
    assert text.rstrip().endswith("- less")


def test_a_citation_is_yaml_whatever_a_name_holds() -> None:
    facts = FACTS.model_copy(update={"name": "stones: 'and' \"more\"", "url": "https://example.org/"})
    found = yaml.safe_load("".join(citation_cff(facts, "a" * 64)))
    assert found["title"] == facts.name
    assert found["identifiers"][0]["value"] == "sha256:" + "a" * 64
    assert (found["url"], found["version"]) == ("https://example.org/", "1.0.0")
