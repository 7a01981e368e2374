from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drystone.errors import UsageError
from drystone.search.query import All, Either, Not, Query, QueryError, Term, parse, written

_bare = st.from_regex(r"[a-z0-9_.][a-z0-9_.*+]{0,6}", fullmatch=True).filter(
    lambda t: t != "or" and "*" not in t and "+" not in t
)
_quoted = st.text('ab"\\ ()-:/', min_size=0, max_size=6)
_slashed = st.from_regex(r"[a-z0-9 /]{1,8}", fullmatch=True)
_terms = st.one_of(
    st.builds(Term, st.sampled_from(["", "content", "file", "sym", "repo"]), _bare),
    st.builds(Term, st.sampled_from(["", "content", "lang", "license"]), _quoted, st.just("quoted")),
    st.builds(Term, st.sampled_from(["", "content", "file"]), _slashed, st.just("slashed")),
    st.builds(Term, st.just("is"), st.sampled_from(["vendor", "test"])),
    st.builds(Term, st.just("case"), st.sampled_from(["yes", "no", "auto"])),
)
_trees = st.recursive(
    _terms,
    lambda inside: st.one_of(
        inside.map(Not),
        st.lists(inside, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inside, min_size=2, max_size=3).map(lambda parts: Either(tuple(parts))),
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(_trees)
def test_a_tree_is_read_back_from_what_is_written(tree: Query) -> None:
    assert parse(written(tree)) == tree


@settings(max_examples=400, deadline=None)
@given(st.text('ab"\\ ()-:/or.[]+lang', max_size=20))
@example('a\\"b "c\\"d"')
@example("f:a(b c)d")
@example("-(-a or -b) or c")
@example("/a\\/b c/ d")
def test_whatever_can_be_read_is_written_so_that_it_reads_the_same(text: str) -> None:
    try:
        tree = parse(text)
    except UsageError as error:
        assert str(error)
        return
    assert parse(written(tree)) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a b", All((Term("", "a"), Term("", "b")))),
        ("a or b c", Either((Term("", "a"), All((Term("", "b"), Term("", "c")))))),
        ("-a", Not(Term("", "a"))),
        ("--a", Not(Not(Term("", "a")))),
        ("f:x.y r:z", All((Term("file", "x.y"), Term("repo", "z")))),
        ("foo(bar|baz)", Term("", "foo(bar|baz)")),
        ("(foo(x) y)", All((Term("", "foo(x)"), Term("", "y")))),
        ('lang:"Jupyter Notebook"', Term("lang", "Jupyter Notebook", "quoted")),
        ("/a b/", Term("", "a b", "slashed")),
        ("/usr/lib", Term("", "/usr/lib")),
        ("std::vector", Term("", "std::vector")),
        ("http://x.y/z", Term("", "http://x.y/z")),
        ("oracle or orange", Either((Term("", "oracle"), Term("", "orange")))),
        ("a\\ b", Term("", "a\\ b")),
    ],
)
def test_queries(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("", 1, "expected a word"),
        ("a or", 5, "expected a word"),
        ("(a", 1, "no ')'"),
        ("a)", 2, "no '('"),
        ('say "hello', 5, "no second '\"'"),
        ('"a"b', 4, "expected a space"),
        ("lang:", 6, "expected a language"),
        ("is:nothing", 4, "expected vendor, generated, test, doc, configuration or unindexed"),
        ("case:maybe", 6, "expected yes, no or auto"),
        ("count:many", 7, "expected a number, or all"),
        ("count:0", 7, "expected a number, or all"),
        ("count:" + "1" * 5000, 7, "expected a number, or all"),
        ("count:0000000001" + "9" * 5000, 7, "expected a number, or all"),
        ("year:99", 6, "expected a year"),
        ("year:2015-\u00b2\u00b2\u00b2\u00b2", 6, "expected a year"),
        ("langg:python", 1, "did you mean 'lang:'?"),
        ("archived:yes", 1, "does not know 'archived:'"),
        ("x file:[a", 8, "no ']'"),
        ("a -", 3, "expected what to leave out"),
        ("lang:python content:/a(?=b)/", 23, "looking around"),
        ("lang:python a\udcffb", 14, "expected text in UTF-8"),
    ],
)
def test_errors_have_the_column_and_what_was_expected(text: str, column: int, expected: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.column == column
    assert expected in caught.value.expected
    assert f"column {column}:" in str(caught.value)
