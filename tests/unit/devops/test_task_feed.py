"""Which of the platform's words on tasks `dev` shows, and when."""

from __future__ import annotations

import threading
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connect_cli_ext.devops.feed import Feed, FeedPrinter


def task(status: str, number: int = 1) -> dict[str, Any]:
    return {
        "id": f"TQ-{number}",
        "status": status,
        "object": {"type": "asset_purchase_request_processing", "id": "PR-1"},
        "events": {"created": {"at": "2026-05-06T11:00:00+00:00"}},
    }


def test_a_task_that_runs_at_once_is_told_once_with_how_it_ended() -> None:
    feed = Feed()
    assert feed.take(task("scheduled"), 0.0) == []
    assert feed.take(task("processing"), 0.1) == []
    assert feed.take(task("succeeded"), 0.2) == [task("succeeded")]
    assert feed.due is None
    assert feed.lasting(100.0) == []


def test_a_state_that_lasts_is_told_when_it_has() -> None:
    feed = Feed()
    feed.take(task("scheduled"), 0.0)
    feed.take(task("scheduled", 2), 0.1)
    due = feed.due
    assert due is not None
    assert feed.lasting(due - 0.01) == []
    assert feed.lasting(due) == [task("scheduled")]
    assert feed.take(task("succeeded"), due) == [task("succeeded")]
    assert feed.lasting(due + 1.0) == [task("scheduled", 2)]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 3), st.sampled_from(["scheduled", "processing", "retrying", "succeeded"]), st.floats(0, 1)
        )
    )
)
def test_no_word_comes_after_a_later_one_on_the_same_task_and_no_last_word_is_lost(
    words: list[tuple[int, str, float]],
) -> None:
    feed, now, shown = Feed(), 0.0, []
    for stamp, (number, status, pause) in enumerate(words):
        now += pause
        while feed.due is not None and feed.due <= now:
            shown += feed.lasting(feed.due)
        shown += feed.take({**task(status, number), "stamp": stamp}, now)
    while feed.due is not None:
        shown += feed.lasting(feed.due)

    for number in {number for number, _, _ in words}:
        stamps = [one["stamp"] for one in shown if one["id"] == f"TQ-{number}"]
        assert stamps == sorted(stamps)
        assert stamps[-1] == max(index for index, word in enumerate(words) if word[0] == number)


def test_printer_prints_what_lasts_without_being_asked() -> None:
    shown: list[str] = []
    lasted = threading.Event()

    def show(text: str) -> None:
        shown.append(text)
        if "TQ-2" in text:
            lasted.set()

    with FeedPrinter(show) as printer:
        printer.take(task("scheduled"))
        printer.take(task("succeeded"))
        printer.take(task("processing", 2))
        assert lasted.wait(20)
    assert ["succeeded" in shown[0], len(shown)] == [True, 2]
