"""`ccli devops task`: what a handler did, on a real platform and a real runner."""

from __future__ import annotations

from planned_project import Planned

from connect_cli_ext.devops.rest import connect


def test_calls_of_the_handler_and_what_became_of_the_object(planned: Planned) -> None:
    with planned.running():
        task_id = planned.purchase("mark", "succeeded")
    found = planned.json("task", task_id)
    request_id = found["object"]["id"]
    calls = [(call["attempt"], call["method"], call["path"], call["status"]) for call in found["calls"]]
    assert calls[0] == (1, "PUT", f"/requests/{request_id}", 200)
    assert [call[3] for call in calls] == [200] * len(calls)
    assert found["object_change"]["changes"] == [{"path": "note", "was": "mark", "now": "marked"}]
    shown = planned.ccli("devops", "task", task_id)
    assert shown.status == 0, shown.err
    assert f'{request_id}: still pending\n  note: "mark" → "marked"\n' in shown.out
    head, _, listed = shown.out.partition("API calls of the handler\n")
    assert head
    assert listed.splitlines()[0].split() == ["#", "AT", "STATUS", "TIME", "CALL"]
    assert f"PUT /requests/{request_id}" in listed
    assert "GET /products?" in listed


def test_a_task_without_calls_has_no_list_of_them(planned: Planned) -> None:
    with planned.running():
        task_id = planned.purchase("no", "failed")
    shown = planned.ccli("devops", "task", task_id)
    assert "API calls" not in shown.out
    assert "still pending" in shown.out
    assert planned.json("task", task_id)["calls"] == []


def test_of_very_many_calls_the_last_are_shown(planned: Planned) -> None:
    with planned.running():
        task_id = planned.purchase("no", "failed")
    with connect() as client:
        for number in range(53):
            client.send("GET", f"/requests/PR-{number}", headers={"EAAS_TASK_ID": task_id})
    assert len(planned.json("task", task_id)["calls"]) == 53
    shown = planned.ccli("devops", "task", task_id).out
    assert "API calls of the handler, the last 50 of 53; see all with -o json\n" in shown
    assert "GET /requests/PR-52\n" in shown
    assert "GET /requests/PR-2\n" not in shown
