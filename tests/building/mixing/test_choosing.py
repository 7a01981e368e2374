from __future__ import annotations

from pathlib import Path

from tests.building.mixing.conftest import mix, shares


def test_shares_follow_the_temperature_and_the_weights(whole: Path, tmp_path: Path) -> None:
    more = "[budget]\nfiles = 40\n[only]\nlanguages = ['Python', 'C++']"
    sizes = shares(mix(tmp_path / "a.toml", whole, more))
    files = {group: share.size for group, share in sizes.items()}
    assert sum(share.taken for share in sizes.values()) in (39, 40)
    assert sizes["Python"].target == int(40 * files["Python"] / sum(files.values()))
    hot = shares(mix(tmp_path / "b.toml", whole, more, temperature=2))
    roots = {group: size**0.5 for group, size in files.items()}
    assert hot["C++"].target == int(40 * roots["C++"] / sum(roots.values()) + 1e-6) > sizes["C++"].target
    weighed = shares(mix(tmp_path / "c.toml", whole, "[weights]\nPython = 3\n'C++' = 1\n[budget]\nfiles = 40"))
    assert (weighed["Python"].taken, weighed["C++"].taken, weighed["Markdown"].taken) == (30, 10, 0)
    most = shares(mix(tmp_path / "d.toml", whole, "[weights]\nPython = 1\n'C++' = 1"))
    assert most["C++"].taken > 0.9 * most["C++"].size


def test_what_is_short_may_be_taken_whole(whole: Path, tmp_path: Path) -> None:
    made = shares(
        mix(tmp_path / "a.toml", whole, "[budget]\nfiles = 30\n[weights]\nTOML = 1\nPython = 1", when_short="take-all")
    )
    assert (made["TOML"].taken, made["Python"].taken) == (1, 15)
