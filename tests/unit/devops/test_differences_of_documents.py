"""What differs between two states of an object."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connect_devops.domain.difference import Change, differences
from connect_devops.sandbox.paths import set_value

VALUES = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b"])
PARAMS = st.dictionaries(st.sampled_from(["seats", "mail", "region"]), VALUES).map(
    lambda found: [{"id": name, "value": value} for name, value in found.items()]
)
DOCUMENTS = st.fixed_dictionaries(
    {"status": VALUES, "asset": st.fixed_dictionaries({"params": PARAMS, "tiers": st.lists(VALUES, max_size=3)})}
)


def test_elements_are_told_by_their_ids_wherever_they_stand() -> None:
    was = {"params": [{"id": "a", "value": "1"}, {"id": "b", "value": "2"}], "items": [{"quantity": 1}], "note": "x"}
    now = {"params": [{"id": "b", "value": "3"}, {"id": "a", "value": "1"}], "items": [{"quantity": 2}], "reason": "y"}
    assert differences(was, now) == (
        Change("params.b.value", "2", "3"),
        Change("items.0.quantity", 1, 2),
        Change("note", "x", None),
        Change("reason", None, "y"),
    )


def test_lists_of_plain_values_are_one_value_and_stamps_can_be_left_out() -> None:
    was, now = {"tags": [1, 2], "events": {"a": 1}}, {"tags": [2], "events": {"a": 2}}
    assert differences(was, now, leave_out=("events",)) == (Change("tags", [1, 2], [2]),)


@given(DOCUMENTS, DOCUMENTS)
def test_the_changes_turn_one_document_into_the_other(was: dict[str, Any], now: dict[str, Any]) -> None:
    changed = differences(was, now)
    assert bool(changed) == (_shape(was) != _shape(now))
    if [item["id"] for item in was["asset"]["params"]] == [item["id"] for item in now["asset"]["params"]]:
        for change in changed:
            set_value(was, change.path, change.now)
        assert was == now


def _shape(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the order of its parameters."""
    return {**document, "asset": {**document["asset"], "params": {p["id"]: p for p in document["asset"]["params"]}}}
