"""Paths into documents: what is set is found again, and what cannot be set says why and changes nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_devops.domain.errors import ValidationError
from connect_devops.sandbox.paths import set_value, value_at

NAMES = st.sampled_from(["a", "b", "id", "params", "0", "1", "7", "²", "x y"])
DOCUMENTS = st.dictionaries(
    NAMES,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=12,
    ),
    max_size=4,
)
PATHS = st.lists(NAMES | st.sampled_from(["", "9" * 5000, "-1"]), min_size=1, max_size=4).map(".".join)


@given(DOCUMENTS, PATHS)
def test_a_value_that_was_set_is_found_and_a_refusal_changes_nothing(document: dict[str, Any], path: str) -> None:
    before = copy.deepcopy(document)
    try:
        set_value(document, path, "new")
    except ValidationError as error:
        assert document == before
        ((field, text),) = error.errors
        assert field == (path or "set")
        assert text.endswith((".", ")."))
    else:
        assert "" not in path.split(".")
        assert found(document, path) == "new"
        first = path.split(".")[0]
        assert {**document, first: None} == {**before, first: None}


def found(document: Any, path: str) -> Any:
    """What stands at a path whose steps may be ids of elements."""
    for step in path.split("."):
        by_id = [item for item in document if isinstance(item, dict) and item.get("id") == step]
        if isinstance(document, list) and (by_id or not step.isdecimal() or int(step) >= len(document)):
            # The element had this id, which may just have been replaced.
            document = by_id[0] if by_id else next(item for item in document if item == "new" or holds(item))
        else:
            document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def holds(item: Any) -> bool:
    return '"new"' in json.dumps(item)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "a name is empty"),
        ("a..b", "a name is empty"),
        (".a", "a name is empty"),
        ("a.", "a name is empty"),
        ("items.3.mpn", "There is no element '3' (there are: ITM-1, ITM-2)."),
        ("items.ITM-9", "There is no element 'ITM-9' (there are: ITM-1, ITM-2)."),
        ("tags.2", "There is no element '2' (there are: 0 to 1)."),
        ("tags.-1", "There is no element '-1' (there are: 0 to 1)."),
        ("tags.²", "There is no element '²' (there are: 0 to 1)."),
        ("none.0", "There is no element '0' (the list is empty)."),
        ("note.deep", "'note' is a text; there is nothing inside of it."),
        ("items.0.count.deep.er", "'items.0.count' is a number; there is nothing inside of it."),
        ("test.deep", "'test' is true or false; there is nothing inside of it."),
        ("gaps.0.deep", "'gaps.0' is empty; there is nothing inside of it."),
        ("new.0.value", "There is no list 'new', so it has no element 0."),
    ],
)
def test_what_cannot_be_set_is_said(path: str, problem: str) -> None:
    document = {
        "items": [{"id": "ITM-1", "count": 2}, {"id": "ITM-2"}],
        "tags": ["x", "y"],
        "none": [],
        "note": "text",
        "test": True,
        "gaps": [None],
    }
    with pytest.raises(ValidationError) as caught:
        set_value(document, path, 1)
    assert problem in str(caught.value)


def test_ids_come_before_positions_and_objects_are_made() -> None:
    document: dict[str, Any] = {"items": [{"id": "1", "n": 0}, {"id": "0", "n": 0}], "later": None}
    set_value(document, "items.0.n", 5)
    set_value(document, "later.on.it", 6)
    assert document == {"items": [{"id": "1", "n": 0}, {"id": "0", "n": 5}], "later": {"on": {"it": 6}}}
    assert value_at(document, "later.on.it") == 6
