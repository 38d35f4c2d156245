"""`ccli devops retry` on a real platform and a real runner."""

from __future__ import annotations

from planned_project import Planned


def test_tasks_that_wait_are_tried_now_when_the_handler_was_mended(planned: Planned) -> None:
    with planned.running():
        raised = planned.purchase("raise", "retrying")
        later = planned.purchase("later", "rescheduled")
        failed = planned.purchase("no", "failed")
        planned.mended.touch()
        event = "asset_purchase_request_processing"
        none = planned.json("retry", "--all-waiting", "--event", "asset_cancel_request_processing")
        assert none == []
        tried = planned.json("retry", "--all-waiting", "--event", event, "-e", planned.devops.environment_id)
        assert {(task["id"], task["was"]) for task in tried} == {(raised, "retrying"), (later, "rescheduled")}
        for task_id in (raised, later):
            planned.until(task_id, "succeeded")
        assert planned.ccli("devops", "clock").out.startswith("2026-05-06T12:00:00"), "nobody moved the clock"
        done = planned.ccli("devops", "retry", failed)
        assert done.status == 0, done.err
        assert failed in done.out
        planned.until(failed, "succeeded")
        nothing = planned.ccli("devops", "retry", "--all-waiting")
        assert nothing.status == 0
        assert "No task waits" in nothing.out


def test_one_that_is_refused_is_named_and_the_others_are_tried(planned: Planned) -> None:
    with planned.running():
        raised = planned.purchase("raise", "retrying")
        planned.mended.touch()
        done = planned.purchase("raise", "succeeded")
        answer = planned.ccli("devops", "retry", done, raised)
        assert answer.status == 1
        assert f"{done} has succeeded" in answer.err
        assert raised in answer.out
        planned.until(raised, "succeeded")
    unknown = planned.ccli("devops", "retry", "TQ-1")
    assert unknown.status == 1
    assert "TQ-1" in unknown.err
    for arguments in ([], [raised, "--all-waiting"], [raised, "--event", "x"]):
        assert planned.ccli("devops", "retry", *arguments).status == 2
