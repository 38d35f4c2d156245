"""Filters of lists whose items are documents."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_devops.api.lists import Document, fields, select_documents
from connect_devops.api.paging import Page, content_range
from connect_devops.rql import RqlError, parse

FIELDS = fields("id:num^ type:str?^~ name:str~ enabled:bool owner.name:str?^ tags.id:str created.at:num?^")
DOCUMENTS: list[Document] = [
    {
        "id": 1,
        "type": "products",
        "name": "One, first",
        "enabled": True,
        "owner": {"name": "Zed"},
        "tags": [{"id": "a"}, {"id": "b"}],
        "created": {"at": "2026-01-01T00:00:00+00:00"},
    },
    {"id": 2, "type": "hub", "name": "two*", "enabled": False, "owner": None, "tags": [], "created": None},
    {
        "id": 3,
        "type": None,
        "name": "",
        "enabled": False,
        "owner": {"name": "Ann"},
        "tags": [{"id": "b"}],
        "created": {"at": "2026-01-01T02:00:00+03:00"},
    },
]


def chosen(query: str, *, search: str | None = None) -> list[Any]:
    return [item["id"] for item in select_documents(DOCUMENTS, parse(query), FIELDS, search=search)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 2, 3]),
        ("eq(type,products)", [1]),
        ("type=hub", [2]),
        ("ne(type,hub)", [1, 3]),
        ("in(type,(hub,products))", [1, 2]),
        ("out(type,(hub))", [1, 3]),
        ("eq(type,null())", [3]),
        ("ne(type,null())", [1, 2]),
        ("eq(name,empty())", [3]),
        ("like(name,One*)", [1]),
        ("like(name,*FIRST)", []),
        ("ilike(name,*FIRST)", [1]),
        (r"like(name,two\*)", [2]),
        ("eq(enabled,true)", [1]),
        ("eq(owner.name,Ann)", [3]),
        ("eq(tags.id,b)", [1, 3]),
        ("ne(tags.id,a)", [2, 3]),
        ("ge(id,2)", [2, 3]),
        ("lt(created.at,2026-01-01T00:00:00Z)", [3]),
        ("eq(created.at,2025-12-31T23:00:00Z)", [3]),
        ("or(eq(id,1),eq(id,3))", [1, 3]),
        ("and(ge(id,2),eq(enabled,false))", [2, 3]),
        ("not(eq(id,2))", [1, 3]),
        ("ordering(-id)", [3, 2, 1]),
        ("ordering(owner.name)", [3, 1, 2]),
        ("ordering(-owner.name)", [1, 3, 2]),
        ("ordering(type,-id)", [2, 1, 3]),
    ],
)
def test_filters(query: str, expected: list[int]) -> None:
    assert chosen(query) == expected


def test_search_looks_through_the_marked_properties_only() -> None:
    assert chosen("", search="FIRST") == [1]
    assert chosen("", search="zed") == []


@pytest.mark.parametrize(
    ("query", "property_"),
    [
        ("eq(color,red)", "color"),
        ("ge(type,hub)", "type"),
        ("like(id,1*)", "id"),
        ("eq(id,one)", "id"),
        ("eq(enabled,yes)", "enabled"),
        ("eq(name,null())", "name"),
        ("ordering(name)", "name"),
        ("ordering(color)", "color"),
    ],
)
def test_what_is_not_allowed_is_named(query: str, property_: str) -> None:
    with pytest.raises(RqlError) as caught:
        chosen(query)
    assert caught.value.property == property_


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(0, 40), st.integers(0, 40))
def test_pages_and_their_header_cover_the_list_once(items: list[int], limit: int, offset: int) -> None:
    part = list(Page(limit, offset).cut(items))
    header = content_range(len(part), len(items), Page(limit, offset))
    unit, _, numbers = header.partition(" ")
    span, _, total = numbers.partition("/")
    first, last = map(int, span.split("-"))
    assert unit == "items"
    assert int(total) == len(items)
    assert part == (items[first : last + 1] if part else [])


@pytest.mark.parametrize(
    ("query", "limit", "offset"),
    [
        ({}, 100, 0),
        ({"limit": "0"}, 0, 0),
        ({"limit": "5000", "offset": "7"}, 1000, 7),
        ({"limit": "-1", "offset": "x"}, 100, 0),
        ({"limit": "1" * 40}, 100, 0),
    ],
)
def test_bad_limits_are_ignored_and_large_ones_cut(query: dict[str, str], limit: int, offset: int) -> None:
    assert Page.from_query(query) == Page(limit, offset)
