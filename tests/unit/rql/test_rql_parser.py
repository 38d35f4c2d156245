"""What the parser reads, prints and refuses."""

from __future__ import annotations

import pytest
from connect.client import R
from hypothesis import given
from hypothesis import strategies as st

from connect_devops.rql import RqlError, parse, read_list_request
from connect_devops.rql.syntax import (
    And,
    Comparison,
    ElementMatch,
    Membership,
    Node,
    Not,
    Or,
    Pattern,
    Query,
    SignedProperty,
    Special,
)

_names = st.from_regex(r"[A-Za-z][A-Za-z0-9_\-.]{0,8}", fullmatch=True) | st.sampled_from(
    ["eq", "in", "and", "not", "ordering", "t", "null", "asset.product.id"]
)
_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=0, max_size=12).filter(
    lambda text: not ('"' in text and "'" in text)
)
_values = _texts | st.sampled_from([Special.NULL, Special.EMPTY])
_comparisons = st.builds(Comparison, _names, st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]), _values)
_patterns = st.builds(Pattern, _names, st.sampled_from(["like", "ilike"]), _texts)
_leaves: st.SearchStrategy[Node] = (
    _comparisons
    | _patterns
    | st.builds(
        Membership, _names, st.sampled_from(["in", "out"]), st.lists(_values, min_size=1, max_size=3).map(tuple)
    )
    | st.builds(
        ElementMatch,
        _names,
        st.sampled_from(["eq", "ne"]),
        st.lists(_comparisons | _patterns, min_size=1, max_size=3).map(tuple),
    )
)
_nodes: st.SearchStrategy[Node] = st.recursive(
    _leaves,
    lambda inner: (
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Not, inner)
    ),
    max_leaves=8,
)
_signed = st.lists(st.builds(SignedProperty, _names, st.booleans()), max_size=3).map(tuple)
_queries = st.builds(Query, st.none() | _nodes, _signed, _signed)


@given(_queries)
def test_what_is_printed_is_read_again(query: Query) -> None:
    assert parse(str(query)) == query


@given(st.text(st.sampled_from("eqandorint(),&|;='\"-*. \\PR1"), max_size=40))
def test_any_text_is_read_or_refused_with_a_position(text: str) -> None:
    query, position = _parse_or_position(text)
    if query is not None:
        assert parse(str(query)) == query
    else:
        assert position is not None
        assert 0 <= position <= len(text)


def _parse_or_position(text: str) -> tuple[Query | None, int | None]:
    try:
        return parse(text), None
    except RqlError as error:
        return None, error.position


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("eq(id,PR-1)", Comparison("id", "eq", "PR-1")),
        ("id=PR-1", Comparison("id", "eq", "PR-1")),
        ("created=gt=2019-02-12T10:02:00+03:00", Comparison("created", "gt", "2019-02-12T10:02:00+03:00")),
        ("eq(name,null())", Comparison("name", "eq", Special.NULL)),
        ("ne(name,empty())", Comparison("name", "ne", Special.EMPTY)),
        ('eq(name,"a, (b)")', Comparison("name", "eq", "a, (b)")),
        ("name='null()'", Comparison("name", "eq", "null()")),
        ("in(status,(a,b))", Membership("status", "in", ("a", "b"))),
        ("ilike(name,*x\\*y*)", Pattern("name", "ilike", "*x\\*y*")),
        ("a=1&b=2", And((Comparison("a", "eq", "1"), Comparison("b", "eq", "2")))),
        ("a=1,b=2", And((Comparison("a", "eq", "1"), Comparison("b", "eq", "2")))),
        ("(a=1|b=2)", Or((Comparison("a", "eq", "1"), Comparison("b", "eq", "2")))),
        ("(a=1;b=2)", Or((Comparison("a", "eq", "1"), Comparison("b", "eq", "2")))),
        ("((a=1))", Comparison("a", "eq", "1")),
        (
            "not(and(a=1,b=2))",
            Not(And((Comparison("a", "eq", "1"), Comparison("b", "eq", "2")))),
        ),
        ("scope=asset&", Comparison("scope", "eq", "asset")),
        ("eq(in,5)", Comparison("in", "eq", "5")),
        ("like=5", Comparison("like", "eq", "5")),
        (
            "in(params,(t(eq(id,a)),t(eq(id,b))))",
            Or(
                (
                    ElementMatch("params", "eq", (Comparison("id", "eq", "a"),)),
                    ElementMatch("params", "eq", (Comparison("id", "eq", "b"),)),
                )
            ),
        ),
    ],
)
def test_the_forms_of_a_filter(text: str, expected: Node | None) -> None:
    assert parse(text).where == expected


def test_select_filter_and_ordering_stand_side_by_side() -> None:
    query = parse("select(-asset.items,+asset)&eq(id,1)&ordering(-created,id)")
    assert query.select == (SignedProperty("asset.items", True), SignedProperty("asset"))
    assert query.where == Comparison("id", "eq", "1")
    assert query.ordering == (SignedProperty("created", True), SignedProperty("id"))
    assert parse("ordering()") == Query()


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("eq(id", 5, "expected ','"),
        ("eq(id,", 6, "expected a value"),
        ("eq(id,1", 7, "expected ')'"),
        ("between(id,1)", 0, "unknown operator 'between'"),
        ("(a=1|b=2&c=3)", 8, "brackets of their own"),
        ("like(id,null())", 8, "like needs a text"),
        ("and(a=1,ordering(id))", 8, "belongs beside the filter"),
        ("a=1|b=2", 3, "expected '&'"),
        ("5=a", 0, "expected a property"),
        ("gt(a,t(eq(b,1)))", 16, "eq and ne only"),
        ("not(" * 200, 256, "nested"),
    ],
)
def test_a_mistake_is_named_with_its_position(text: str, position: int, message: str) -> None:
    with pytest.raises(RqlError, match="position") as caught:
        parse(text)
    assert caught.value.position == position
    assert message in str(caught.value)


def test_the_clients_own_queries_are_understood() -> None:
    query = R(status__in=["pending", "inquiring"]) & ~(R(id="PR-1") | R(asset__product__id__like="PRD-*"))
    assert parse(str(query)).where == And(
        (
            Membership("status", "in", ("pending", "inquiring")),
            Not(Or((Comparison("id", "eq", "PR-1"), Pattern("asset.product.id", "like", "PRD-*")))),
        )
    )


@pytest.mark.parametrize(
    ("raw", "text", "limit", "offset", "search"),
    [
        ("", "", 100, 0, None),
        ("limit=0&offset=0", "", 0, 0, None),
        ("eq(id,1)&limit=10&offset=5", "eq(id,1)", 10, 5, None),
        ("limit=10&eq(id,1)", "eq(id,1)", 10, 0, None),
        ("eq%28id%2CPR-1%29&ordering(-id)", "eq(id,PR-1)&ordering(-id)", 100, 0, None),
        ("eq(name,Foo%20Bar)&search=two+words%26more", "eq(name,Foo Bar)", 100, 0, "two words&more"),
        ("gt(created,2019-02-12T10:02:00+03:00)", "gt(created,2019-02-12T10:02:00+03:00)", 100, 0, None),
        ('eq(name,"a&limit=3")', 'eq(name,"a&limit=3")', 100, 0, None),
        ("(limit=3&offset=4)&limit=5", "(limit=3&offset=4)", 5, 0, None),
        ("limit=5000", "", 1000, 0, None),
        ("limit=-1&offset=x", "", 100, 0, None),
        ("search=(open&limit=7", "", 7, 0, "(open"),
        ("search=", "", 100, 0, None),
        ("&&", "", 100, 0, None),
    ],
)
def test_a_query_string_is_taken_apart(raw: str, text: str, limit: int, offset: int, search: str | None) -> None:
    request = read_list_request(raw)
    assert request.query == parse(text)
    assert (request.limit, request.offset, request.search) == (limit, offset, search)
    assert read_list_request(raw.encode()) == request


def test_a_character_that_no_database_can_compare_is_refused() -> None:
    with pytest.raises(RqlError, match="character 0"):
        read_list_request("eq(id,a%00)")
    with pytest.raises(RqlError, match="character 0"):
        read_list_request("search=%00")
