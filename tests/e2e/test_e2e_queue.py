"""Promises of the queue: retry, reschedule, no duplicate work, and neither kind of work waits for the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from loop import Loop

pytestmark = pytest.mark.e2e

VARIABLES = {"CONNECT_MAX_RUNNING_TASKS": "2"}
RETRIES = 10


@pytest.fixture
def loop(shared_loop: Loop) -> Iterator[Loop]:
    shared_loop.journal.close_gate()
    yield shared_loop
    shared_loop.journal.open_gate()
    shared_loop.settle()
    shared_loop.journal.read().clear()


def seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def test_retry_ten_times_then_failed_and_retry_by_hand(loop: Loop) -> None:
    loop.set_variable("COLOUR", "red")
    _request, task = loop.purchase("raise a fuss")
    loop.settle()
    found = loop.task(task)
    assert found["status"] == "failed"
    assert found["retry_count"] == RETRIES
    attempts = loop.attempts(task)
    assert [attempt["outcome"] for attempt in attempts] == ["retry"] * (RETRIES + 1)
    assert all("RuntimeError: a fuss" in attempt["message"] for attempt in attempts)
    pauses = [seconds_between(attempt["events"]["ended"]["at"], attempt["next"]) for attempt in attempts[:-1]]
    assert pauses == sorted(pauses)
    assert pauses[0] > 0
    assert attempts[-1]["next"] is None

    loop.set_variable("COLOUR", "green")
    loop.client.post(f"{loop.path}/tasks/{task}/resubmit")
    loop.settle()
    assert loop.task(task)["status"] == "succeeded"
    *old, new = loop.attempts(task)
    assert old[: RETRIES + 1] == attempts
    assert new["outcome"] == "success"


def test_a_success_cannot_be_retried_by_hand(loop: Loop) -> None:
    _, task = loop.purchase()
    loop.settle()
    answer = loop.client.send("POST", f"{loop.path}/tasks/{task}/resubmit")
    assert answer.status_code == 400
    assert "succeeded" in answer.text
    assert loop.task(task)["attempt_count"] == 1


@pytest.mark.parametrize(
    ("note", "countdown"), [("reschedule 5", 30), ("reschedule 45", 45), ("slow 5", 300), ("slow 400", 400)]
)
def test_reschedule_waits_at_least_30_seconds_and_slow_ones_300(loop: Loop, note: str, countdown: int) -> None:
    request, task = loop.purchase(note)
    loop.journal.expect(began=request)
    found = loop.until_status(task, "rescheduled")
    (attempt,) = loop.attempts(task)
    assert (attempt["outcome"], attempt["countdown"]) == ("reschedule", countdown)
    assert seconds_between(attempt["events"]["ended"]["at"], found["due"]) == pytest.approx(countdown, abs=0.001)
    left = seconds_between(loop.now(), found["due"])
    loop.advance(left - 10)
    _other, other_task = loop.purchase()
    loop.until_status(other_task, "succeeded")
    assert loop.task(task)["status"] == "rescheduled"
    loop.advance(11)
    assert loop.until_status(task, "succeeded")["rescheduled_count"] == 1
    loop.journal.expect(ended=request)


def test_fail_and_skip_are_final(loop: Loop) -> None:
    _, failing = loop.purchase("fail because")
    _, skipping = loop.purchase("skip this time")
    loop.settle()
    assert [(loop.task(task)["status"], loop.task(task)["output"]) for task in (failing, skipping)] == [
        ("failed", "because"),
        ("skipped", "this time"),
    ]
    assert [loop.task(task)["attempt_count"] for task in (failing, skipping)] == [1, 1]


def test_no_duplicate_work(loop: Loop) -> None:
    request, first = loop.purchase("hold")
    loop.journal.expect(began=request)
    for number in range(3):
        loop.client.put(f"/requests/{request}", {"note": f"hold {number}"})
    mine = [task for task in loop.tasks() if task["object"]["id"] == request]
    assert [task["status"] for task in mine] == ["processing", "scheduled"]
    # Another object passes by, but the same one is not begun while it is in work.
    loop.purchase()
    loop.journal.expect(word="")
    assert not any(line.get("began") == request for line in loop.journal.read())
    loop.journal.open_gate()
    loop.settle()
    assert [task["id"] for task in loop.tasks() if task["object"]["id"] == request] == [task["id"] for task in mine]
    assert loop.task(first)["attempt_count"] == 1
    loop.journal.expect(ended=request)
    loop.journal.expect(ended=request)
    assert not any(line.get("ended") == request for line in loop.journal.read())


def test_one_waiting_task_for_each_schedule(loop: Loop) -> None:
    trigger = {"type": "recurring", "unit": "hours", "amount": 1, "start": loop.now()}
    body = {"name": "Every hour", "method": "scheduled", "parameter": {"hold": True}, "trigger": trigger}
    schedule = loop.client.post(f"{loop.path}/schedules", body)["id"]

    def statuses() -> list[str]:
        return [task["status"] for task in loop.tasks() if task["object"]["id"] == schedule]

    def fire() -> None:
        loop.advance(3600)
        moved = loop.now()

        def fired() -> bool:
            # The next one lies beyond the hours that have passed, or it would fire now.
            return str(loop.client.get(f"{loop.path}/schedules/{schedule}")["events"]["next_trigger"]["at"]) > moved

        loop.until(fired, "the schedule has fired")

    try:
        # The first one is in its handler, which is held, and everything after it is one that waits.
        fire()
        loop.until(lambda: statuses() == ["processing"], "the first one is delivered")
        for _ in range(2):
            fire()
            assert statuses() == ["processing", "scheduled"]
        mine = next(task for task in loop.tasks() if task["object"]["id"] == schedule and task["status"] == "scheduled")
    finally:
        loop.client.post(f"{loop.path}/schedules/{schedule}/disable")
        loop.journal.open_gate()
    loop.journal.expect(scheduled=schedule)
    loop.until_status(mine["id"], "succeeded")


def test_interactive_work_does_not_wait_for_background_work(loop: Loop) -> None:
    held = [loop.purchase("hold") for _ in range(4)]
    for _ in range(2):
        loop.journal.expect(word="hold")
    answer = loop.client.post(
        "/devops/local/trigger", {"event_type": "product_custom_event_processing", "payload": {"word": "now"}}
    )
    assert answer["answer"]["body"] == {"heard": "now"}
    assert {loop.task(task)["status"] for _, task in held} <= {"processing", "scheduled"}
