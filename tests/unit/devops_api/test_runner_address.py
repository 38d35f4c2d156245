"""What a websocket's address says about its runner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_devops.hub.address import RunnerAddress


@pytest.mark.parametrize(
    ("suffix", "query", "categories"),
    [
        ("", {"runner_type": "background"}, ("background", "scheduled")),
        ("", {"runner_type": "interactive"}, ("interactive",)),
        ("", {}, ("interactive", "background", "scheduled")),
        ("webapp", {}, ()),
        ("anvilapp", {}, ()),
        ("tfnapp", {}, ("transformation",)),
    ],
)
def test_categories_follow_application_and_runner_type(
    suffix: str, query: dict[str, str], categories: tuple[str, ...]
) -> None:
    address = RunnerAddress.read("ENV-1", "i", suffix, query)
    assert address is not None
    assert address.categories == categories


def test_unknown_application_is_no_place() -> None:
    assert RunnerAddress.read("ENV-1", "i", "mailapp", {}) is None


def test_the_two_events_sessions_of_a_process_have_different_keys() -> None:
    background = RunnerAddress.read("ENV-1", "i", "", {"runner_type": "background"})
    interactive = RunnerAddress.read("ENV-1", "i", "", {"runner_type": "interactive"})
    assert background is not None
    assert interactive is not None
    assert background.key("ENV-1") != interactive.key("ENV-1")
    assert background.key("ENV-1") == RunnerAddress("UUID", "i", runner_type="background").key("ENV-1")


@given(st.text(max_size=20))
def test_any_text_may_stand_for_the_number_of_running_tasks(text: str) -> None:
    address = RunnerAddress.read("ENV-1", "i", "", {"running_tasks": text})
    assert address is not None
    assert address.running_background is None or str(address.running_background) == (text.lstrip("0") or "0")
