"""The texts beside a release: card, change log and citation say what manifest and counts say."""

from __future__ import annotations

from pathlib import Path

import yaml

from drystone.release.documents.card import changelog, changelog_entry, readme
from drystone.release.documents.citations import citation_cff
from drystone.release.inspection.stats import stats
from drystone.release.layout import language_folder
from drystone.release.manifest import EarlierVersion
from drystone.release.read import open_release
from tests.release.sample import FACTS


def test_the_front_matter_has_a_configuration_for_each_language(sample_release: Path) -> None:
    release = open_release(sample_release)
    text = "".join(readme(release, stats(release)))
    front = yaml.safe_load(text.split("---\n")[1])
    names = [config["config_name"] for config in front["configs"]]
    assert names == [language_folder(language) for language in sorted(release.manifest.languages)]
    assert "F%2A" in names
    listed = [path for config in front["configs"] for split in config["data_files"] for path in split["path"]]
    assert sorted(listed) == [entry.place for entry in release.manifest.of_kind("data")]
    sizes = {info["config_name"]: info["splits"][0]["num_examples"] for info in front["dataset_info"]}
    assert sum(sizes.values()) == release.manifest.counts.kept
    assert text == (sample_release / "README.md").read_text()


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
