"""A filter in SQL finds what the same filter in plain Python finds."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    insert,
    make_url,
    select,
)
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateSchema, DropSchema

from connect_devops.rql import DOCUMENT, RqlError, apply, column_field, condition, count, document_fields, parse
from connect_devops.rql.syntax import And, Comparison, Membership, Node, Not, Or, Pattern, Special

_METADATA = MetaData()
_TABLE = Table(
    "rql_test_objects",
    _METADATA,
    Column("key", Integer, primary_key=True),
    Column("status", String),
    Column("created", DateTime(timezone=True)),
    Column("doc", DOCUMENT),
)
_FIELDS = {
    "status": column_field(_TABLE.c.status, null=True, orderable=True),
    "stored": column_field(_TABLE.c.created, "number"),
    "key": column_field(_TABLE.c.key, "number", orderable=True),
    **document_fields(
        _TABLE.c.doc,
        "name:str?^~ asset.product.id:str?~ asset.count:num?^ made:num^ flag:bool tags[]:str?"
        " asset.params[].id:str asset.params[].value:str? rows[].cells[].text:str",
    ),
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    url = os.environ.get("CONNECT_TEST_POSTGRES_URL")
    if url is None:
        made = create_engine("sqlite://", poolclass=StaticPool)
        _METADATA.create_all(made)
        yield made
        made.dispose()
        return
    server = create_engine(url)
    schema = f"t{uuid.uuid4().hex}"
    with server.begin() as connection:
        connection.execute(CreateSchema(schema))
    made = create_engine(make_url(url).update_query_dict({"options": f"-csearch_path={schema}"}))
    _METADATA.create_all(made)
    yield made
    made.dispose()
    with server.begin() as connection:
        connection.execute(DropSchema(schema, cascade=True))
    server.dispose()


Rows = Callable[[str], list[int]]


@pytest.fixture
def stored(engine: Engine) -> Iterator[Callable[[list[dict[str, Any]]], Rows]]:
    with engine.connect() as connection:

        def store(documents: list[dict[str, Any]]) -> Rows:
            for key, document in enumerate(documents):
                values = {
                    "key": key,
                    "status": document.get("status"),
                    "created": datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(days=key),
                    "doc": document,
                }
                connection.execute(insert(_TABLE).values(values))

            def ids(text: str) -> list[int]:
                statement = apply(select(_TABLE.c.key), parse(text), _FIELDS)
                found = [row.key for row in connection.execute(statement)]
                assert connection.execute(count(statement)).scalar_one() == len(found)
                return found

            return ids

        yield store
        connection.rollback()


_ROWS: list[dict[str, Any]] = [
    {
        "name": "Alpha",
        "status": "pending",
        "flag": True,
        "made": "2026-01-02T03:04:05+00:00",
        "asset": {
            "product": {"id": "PRD-1"},
            "count": 2,
            "params": [{"id": "a", "value": "1"}, {"id": "b", "value": "2"}],
        },
        "tags": ["x", "y"],
        "rows": [{"cells": [{"text": "deep"}]}],
    },
    {
        "name": "50% off_",
        "status": "approved",
        "flag": False,
        "made": "2026-01-02T05:04:05.000+02:00",
        "asset": {"product": {"id": "PRD-2"}, "count": 10, "params": [{"id": "a", "value": "2"}]},
        "tags": [],
    },
    {"name": None, "asset": {"params": None}, "made": "2026-03-01", "tags": None},
    {"name": "", "status": None, "asset": "not an object", "tags": "x", "rows": [["x"], "plain", None, 5]},
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [0, 1, 2, 3]),
        ("eq(name,Alpha)", [0]),
        ("ne(name,Alpha)", [1, 2, 3]),
        ("eq(name,null())", [2]),
        ("ne(name,null())", [0, 1, 3]),
        ("eq(name,empty())", [3]),
        ("ne(name,empty())", [0, 1, 2]),
        ("like(name,*l*)", [0]),
        ("like(name,AL*)", []),
        ("ilike(name,AL*)", [0]),
        ("like(name,50% off_)", [1]),
        ("like(name,5_*)", []),
        ("eq(asset.product.id,PRD-2)", [1]),
        ("out(asset.product.id,(PRD-2))", [0, 2, 3]),
        ("gt(asset.count,2)", [1]),
        ("ge(asset.count,2)", [0, 1]),
        ("eq(asset.count,null())", [2, 3]),
        ("eq(made,2026-01-02T03:04:05Z)", [0, 1]),
        ("gt(made,2026-01-03)", [2]),
        ("ge(made,2026-03-01T02:00:00+02:00)", [2]),
        ("eq(flag,true)", [0]),
        ("ne(flag,true)", [1, 2, 3]),
        ("eq(tags,y)", [0]),
        ("eq(tags,null())", [1, 2, 3]),
        ("eq(asset.params.id,a)", [0, 1]),
        ("ne(asset.params.id,b)", [1, 2, 3]),
        ("and(eq(asset.params.id,a),eq(asset.params.value,2))", [1]),
        ("eq(asset.params,t(eq(id,b),ne(value,1)))", [0]),
        ("eq(rows.cells.text,deep)", [0]),
        ("not(or(eq(status,pending),eq(status,approved)))", [2, 3]),
        ("in(status,(pending,null()))", [0, 2, 3]),
        ("eq(status,null())", [2, 3]),
        ("ge(stored,2026-01-03)", [2, 3]),
        ("in(key,(1,3))", [1, 3]),
        ("ordering(-key)", [3, 2, 1, 0]),
        ("gt(key,0)&ordering(-asset.count,-key)", [1, 3, 2]),
        ("ordering(made,-key)&ne(made,2026-03-01)", [1, 0, 3]),
    ],
)
def test_operators(stored: Callable[[list[dict[str, Any]]], Rows], text: str, expected: list[int]) -> None:
    found = stored(_ROWS)(text)
    assert (found if "ordering" in text else sorted(found)) == expected


def test_search_looks_through_the_searchable_properties(
    engine: Engine, stored: Callable[[list[dict[str, Any]]], Rows]
) -> None:
    statement = apply(select(_TABLE.c.key), parse(""), _FIELDS, search="prd-1")
    with engine.connect() as connection:
        connection.execute(insert(_TABLE), [{"key": key, "doc": row} for key, row in enumerate(_ROWS)])
        assert connection.execute(statement).scalars().all() == [0]
        percent = apply(select(_TABLE.c.key), parse(""), _FIELDS, search="50%")
        assert connection.execute(percent).scalars().all() == [1]
        connection.rollback()


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("eq(colour,red)", "colour", "no such property"),
        ("ordering(tags)", "tags", "cannot be ordered"),
        ("gt(name,a)", "name", "'gt' is not allowed"),
        ("eq(flag,maybe)", "flag", "neither true nor false"),
        ("gt(made,yesterday)", "made", "neither a number nor an ISO date"),
        ("eq(key,many)", "key", "not a number"),
        ("eq(key,null())", "key", "'null()' is not allowed"),
        ("lt(status,null())", "status", "cannot be compared with lt"),
        ("eq(name,t(eq(id,1)))", "name.id", "no such property"),
    ],
)
def test_a_refusal_names_the_property(text: str, name: str, message: str) -> None:
    with pytest.raises(RqlError) as caught:
        apply(select(_TABLE.c.key), parse(text), _FIELDS)
    assert caught.value.property == name
    assert str(caught.value).startswith(f"{name}: ")
    assert message in str(caught.value)


# --- the oracle -----------------------------------------------------------------------------------------------------

_words = st.sampled_from(["a", "b", "A", "ab", "a*b", "50%", "x_y", "[a]", "?", "", "tr ue", "1"])
_documents = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | _words,
        "status": st.none() | _words,
        "flag": st.none() | st.booleans(),
        "made": st.none()
        | st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)).map(
            lambda moment: moment.replace(microsecond=0, tzinfo=timezone.utc).isoformat()
        ),
        "tags": st.none() | st.lists(_words, max_size=2),
        "asset": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "product": st.fixed_dictionaries({"id": st.none() | _words}),
                "count": st.none() | st.integers(-5, 5),
                "params": st.lists(
                    st.fixed_dictionaries({"id": _words}, optional={"value": st.none() | _words}), max_size=3
                ),
            },
        ),
    },
)
_text_names = st.sampled_from(["name", "status", "asset.product.id", "tags", "asset.params.id", "asset.params.value"])
_patterns_text = st.text(st.sampled_from("ab*A%_[]?\\1"), min_size=1, max_size=4)
_tests: st.SearchStrategy[Node] = (
    st.builds(Comparison, _text_names, st.sampled_from(["eq", "ne"]), _words)
    | st.builds(
        Comparison,
        st.sampled_from(["name", "status", "asset.product.id", "tags", "asset.params.value", "asset.count"]),
        st.sampled_from(["eq", "ne"]),
        st.just(Special.NULL),
    )
    | st.builds(
        Comparison,
        st.just("asset.count"),
        st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]),
        st.integers(-5, 5).map(str),
    )
    | st.builds(
        Comparison,
        st.just("made"),
        st.sampled_from(["gt", "ge", "lt", "le"]),
        st.dates(datetime(2000, 1, 1).date(), datetime(2030, 1, 1).date()).map(str),
    )
    | st.builds(Comparison, st.just("flag"), st.sampled_from(["eq", "ne"]), st.sampled_from(["true", "false"]))
    | st.builds(
        Membership, _text_names, st.sampled_from(["in", "out"]), st.lists(_words, min_size=1, max_size=2).map(tuple)
    )
    | st.builds(Pattern, _text_names, st.sampled_from(["like", "ilike"]), _patterns_text)
)
_filters: st.SearchStrategy[Node] = st.recursive(
    _tests,
    lambda inner: (
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Not, inner)
    ),
    max_leaves=6,
)


def _values(document: Any, names: list[str]) -> list[Any]:
    if isinstance(document, list):
        return [value for element in document for value in _values(element, names)]
    if not names:
        return [document]
    return _values(document.get(names[0]), names[1:]) if isinstance(document, dict) else [None]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _regex(pattern: str) -> str:
    translated = re.sub(
        r"\\([*\\])|(\*)|(.)", lambda m: ".*" if m[2] else re.escape(m[1] if m[1] else m[3]), pattern, flags=re.DOTALL
    )
    return translated + r"\Z"


def _holds(node: Any, value: Any) -> bool:
    if value is None:
        return False
    if isinstance(node, Membership):
        return value in node.values
    if isinstance(node, Pattern):
        return re.match(_regex(node.pattern), value, re.IGNORECASE if node.operator == "ilike" else 0) is not None
    wanted: Any = node.value
    if isinstance(value, bool):
        wanted = wanted == "true"
    elif isinstance(value, int):
        wanted = float(wanted)
    elif node.property == "made":
        value, wanted = _moment(value), _moment(wanted)
    operator = node.operator
    outcomes = {"eq": value == wanted}
    if operator in ("gt", "ge", "lt", "le"):
        outcomes = {"gt": value > wanted, "ge": value >= wanted, "lt": value < wanted, "le": value <= wanted}
    return outcomes[operator]


def _flat(children: Any) -> Iterator[Node]:
    for child in children:
        if isinstance(child, And):
            yield from _flat(child.children)
        else:
            yield child


def _oracle(node: Node, document: dict[str, Any]) -> bool:
    if isinstance(node, Or):
        return any(_oracle(child, document) for child in node.children)
    if isinstance(node, Not):
        return not _oracle(node.child, document)
    if isinstance(node, And):
        children = list(_flat(node.children))
        together = [
            child
            for child in children
            if isinstance(child, (Comparison, Membership, Pattern))
            and child.property.startswith("asset.params.")
            and child.operator not in ("ne", "out")
            and getattr(child, "value", "") is not Special.NULL
        ]
        tags = [
            child
            for child in children
            if isinstance(child, (Comparison, Membership, Pattern))
            and child.property == "tags"
            and child.operator not in ("ne", "out")
            and getattr(child, "value", "") is not Special.NULL
        ]
        rest = [child for child in children if child not in together and child not in tags]
        asset = document.get("asset")
        params = (asset or {}).get("params") or []
        return (
            all(_oracle(child, document) for child in rest)
            and (
                not together
                or any(
                    all(_holds(child, param.get(child.property.split(".")[-1])) for child in together)
                    for param in params
                )
            )
            and (not tags or any(all(_holds(child, tag) for child in tags) for tag in document.get("tags") or []))
        )
    if isinstance(node, Comparison) and node.operator == "ne":
        return not _oracle(Comparison(node.property, "eq", node.value), document)
    if isinstance(node, Membership) and node.operator == "out":
        return not _oracle(Membership(node.property, "in", node.values), document)
    values = _values(document, node.property.split("."))  # type: ignore[union-attr]
    if isinstance(node, Comparison) and node.value is Special.NULL:
        return all(value is None for value in values)
    return any(_holds(node, value) for value in values)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(documents=st.lists(_documents, max_size=5), node=_filters)
def test_sql_and_python_agree(engine: Engine, documents: list[dict[str, Any]], node: Node) -> None:
    with engine.connect() as connection:
        if documents:
            connection.execute(
                insert(_TABLE),
                [{"key": key, "status": row.get("status"), "doc": row} for key, row in enumerate(documents)],
            )
        found = connection.execute(select(_TABLE.c.key).where(condition(node, _FIELDS))).scalars().all()
        connection.rollback()
    assert sorted(found) == [key for key, document in enumerate(documents) if _oracle(node, document)]
