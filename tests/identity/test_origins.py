"""One place, one name: the forms in which the field writes where a repository lies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.errors import UsageError
from drystone.identity import origins

ONE = [
    "https://github.com/Owner/Repo",
    "http://github.com/owner/repo/",
    "https://GitHub.com:443/owner/repo.git",
    "https://user:s3cret@github.com/owner/repo.git?x=1#readme",
    "git@github.com:Owner/Repo.git",
    "ssh://git@github.com:22/owner/repo.git/",
    "ssh://git@ssh.github.com:443/owner/repo.git",
    "git://github.com/owner/repo",
    "git+https://github.com/owner/repo.git@v1.0",
    "git+ssh://git@github.com/owner/repo@feature/x",
    "github.com/owner/repo",
    "github.com:443/owner/repo",
    "www.github.com//owner//repo",
    "Owner/Repo",
    "https://github.com/owner/repo/tree/main/src",
    "https://github.com/owner/%72epo",
    "https://github.com/x/../owner/./repo",
    "https://github.com./owner/repo",
    "ｇｉｔｈｕｂ.com/owner/repo",
    "https://github.com/ow\u200bner/repo",
    "https://github.com/owner/repo.wiki.git",
    "https://github.com/owner/repo/wiki/Home",
    "https://api.github.com/repos/owner/repo/contents/README.md",
    "https://raw.githubusercontent.com/owner/repo/main/a.py",
    "https://archive.softwareheritage.org/browse/origin/directory/?origin_url=https://github.com/owner/repo&path=src",
]


@pytest.mark.parametrize("place", ONE)
def test_one_place_has_one_name(place: str) -> None:
    assert origins.canonical(place) == "github.com/owner/repo"


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("https://gitlab.com/Group/Sub/Project.git", "gitlab.com/group/sub/project"),
        ("https://gitlab.com/group/project/-/tree/main", "gitlab.com/group/project"),
        ("ssh://git@git.example.org:2222/a/b", "git.example.org/a/b"),
        ("https://git.example.org:8443/a/b", "git.example.org/a/b"),
        ("git@server:a/b.git", "server./a/b"),
        ("https://www.server/a/b", "server./a/b"),
        ("git@github.com:123/repo", "github.com/123/repo"),
        ("https://[::1]:8080/a/b.git", "[::1]/a/b"),
        ("git:walls", "git:walls"),
        ("file:///srv/git/Walls.git", "git:srv/git/walls"),
        ("git:A/repo", "git:a/repo"),
        ("git:/srv//b/./repo.git/", "git:srv/b/repo"),
        ("archive:x/y.tar.gz", "archive:x/y.tar.gz"),
        ("folder:fences", "folder:fences"),
        ("pypi:Flask_Thing==3.1.2", "pypi:flask-thing"),
        ("https://bücher.example/a/b", "xn--bcher-kva.example/a/b"),
        ("https://git.sr.ht/~owner/repo", "git.sr.ht/~owner/repo"),
        ("https://gist.github.com/Owner/0123abcd", "gist.github.com/owner/0123abcd"),
        ("https://git.example.org/gitweb/?p=one.git;a=tree", "git.example.org/gitweb/one"),
        ("https://git.example.org/gitweb/?p=two.git&a=summary", "git.example.org/gitweb/two"),
        ("https://git.example.org/a/b?p=2", "git.example.org/a/b"),
        ("https://github.com/owner/.wiki", "github.com/owner/.wiki"),
    ],
)
def test_other_places(place: str, name: str) -> None:
    assert origins.canonical(place) == name


def test_what_lies_on_no_host_is_called_by_any_end_of_its_path() -> None:
    assert origins.ends_of("git:srv/b/repo") == ["git:b/repo", "git:repo"]
    for name in ("git:walls", "pypi:flask", "github.com/owner/repo", "[::1]/a/b"):
        assert origins.ends_of(name) == []
    assert [origins.is_local(name) for name in ("git:a/repo", "pypi:flask", "[::1]/a/b", "server./a/b")] == [
        True, True, False, False,
    ]  # fmt: skip


@given(st.text(max_size=80))
def test_any_text_has_a_stable_name(text: str) -> None:
    name = origins.canonical(text)
    assert origins.canonical(name) == name or "@" in name or "%" in name


@given(st.sampled_from(ONE), st.sampled_from(["", "/", ".git", ".git/"]), st.booleans())
def test_forms_combine(place: str, end: str, upper: bool) -> None:
    if "?" in place or "@v" in place or "@f" in place or len(place.split("/")) > 6:
        return
    text = place.rstrip("/").removesuffix(".git") + end
    assert origins.canonical(text.upper() if upper and "%" not in text else text) == "github.com/owner/repo"


@pytest.mark.parametrize(
    "place",
    [
        "https://user:s3cret@host.org/a/b",
        "ssh://s3cret@host.org/a/b",
        "s3cret@host.org:a/b",
        "https://s3cret@host.org/a/b?token=s3cret",
    ],
)
def test_credentials_are_never_in_what_is_stored_or_said(place: str) -> None:
    assert "s3cret" not in origins.public(place)
    assert "s3cret" not in origins.canonical(place)
    with pytest.raises(UsageError) as caught:
        origins.owner(place.replace("/a/b", "/").replace(":a/b", ":"))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("github.com/gооgle/repo", "cyrillic small letter o"),
        ("github.com/ｏwner/repo", "fullwidth"),
        ("https://gіthub.com/owner/repo", "cyrillic"),
        ("github.com/owner/日本", "only looks like"),
        ("github.com/own\u202eer/repo", "invisible"),
        ("github.com/own\u200ber/repo", "invisible"),
        ("", "1 to 2048"),
        ("x" * 3000 + "/y", "1 to 2048"),
        ("github.com/owner", "not a repository"),
        ("owner", "not a repository"),
        ("https://example.org:99999/a/b", "is no URL"),
        ("https://[::1/a/b", "is no URL"),
        ("ssh://git@example.org:port/a/b", "is no URL"),
        ("ann/*", "asked for by the owner"),
        ("swh:1:cnt:94a9ed024d3859793618152ea559a168bbcbb5e2", "by its SWHID"),
    ],
)
def test_what_no_repository_is_called_is_refused(place: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        origins.repository(place)


def test_owners() -> None:
    assert origins.owner("Owner") == "github.com/owner"
    assert origins.owner("https://gitlab.com/group/sub") == "gitlab.com/group/sub"
    assert origins.owners_of("gitlab.com/a/b/c") == ["gitlab.com/a", "gitlab.com/a/b"]
    assert origins.owners_of("git:walls") == []
    assert origins.owners_of(origins.canonical("https://gist.github.com/Owner/0123abcd"))[0] == origins.owner("Owner")
    for wrong in ("owner/repo", "git:walls", "https://github.com/"):
        with pytest.raises(UsageError):
            origins.owner(wrong)
