"""Whole projects on the loop: from the template with coroutines, and written in the first documentation's style."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import jwt
import pytest
from loop import PROJECTS, Loop

from connect_cli_ext.devops.demo_cases import CASES

pytestmark = pytest.mark.e2e


def test_a_project_with_coroutines_does_all_that_the_demo_does(
    make_loop: Callable[..., Loop], async_demo_project: Path
) -> None:
    loop = make_loop(async_demo_project)
    assert "async def" in (loop.project / "connect_ext" / "extension.py").read_text()
    loop.start_runner()
    begun = [(case, case.begin(loop.stage)) for case in CASES]

    def tasks_of(event_type: str, object_id: str) -> list[dict[str, object]]:
        found = [task for task in loop.tasks() if task["object"]["type"] == event_type]
        return [task for task in found if object_id in ("", task["object"]["id"])]

    for case, outcome in begun:
        if outcome.while_waiting is not None:
            loop.until(
                lambda case=case, outcome=outcome: (
                    tasks_of(case.event_type, outcome.object_id)[-1]["status"] == "rescheduled"
                ),
                "the one that is not ready is put off",
            )
            outcome.while_waiting()
    loop.settle()
    for case, outcome in begun:
        task = tasks_of(case.event_type, outcome.object_id)[-1]
        assert case.check(loop.stage, outcome, task, loop.attempts(str(task["id"]))) == [], case.title


@pytest.fixture
def old_style(make_loop: Callable[..., Loop]) -> Loop:
    loop = make_loop(PROJECTS / "old_style")
    loop.start_runner()
    return loop


def test_an_extension_in_the_first_style_does_every_kind_of_work(old_style: Loop) -> None:
    loop = old_style
    # Background: approved through the API by the extension's own client.
    purchase = loop.trigger("asset_purchase_request_processing")
    loop.until_status(purchase["tasks"][0]["id"], "succeeded")
    request = loop.client.get(f"/requests/{purchase['object']['id']}")
    assert (request["status"], request["asset"]["status"]) == ("approved", "active")

    # Rescheduled, then done; what the handler kept with the object is there the second time.
    setup = loop.trigger("tier_config_setup_request_processing")
    task = setup["tasks"][0]["id"]
    loop.until_status(task, "rescheduled")
    loop.settle()
    assert [attempt["outcome"] for attempt in loop.attempts(task)] == ["reschedule", "success"]
    assert loop.attempts(task)[0]["countdown"] == 60

    # Validation.
    draft = loop.trigger("asset_purchase_request_validation")["object"]
    errors = {item["id"]: item.get("value_error") for item in draft["asset"]["params"]}
    assert errors["admin_email"] == "Old style, old rules."

    # Product action.
    link = loop.trigger("product_action_execution")["link"]
    response = loop.client.send("GET", link)
    assert (response.status_code, response.headers["location"]) == (302, "https://example.org/old")

    # Custom event, with a variable that extension.json declares.
    product = request["asset"]["product"]["id"]
    claims = {"product_id": product, "environment": "development", "exp": datetime.now().astimezone() + timedelta(60)}
    token = jwt.encode(claims, loop.stage.jwt_secret, algorithm="HS256")
    answer = loop.client.send(
        "POST",
        f"/devops/hooks/{loop.stage.extension_id}/product/custom-event",
        headers={"Authentication": f"Bearer {token}"},
        json={"who": "the old world"},
    )
    assert (answer.status_code, answer.headers["x-old"]) == (200, "yes")
    assert answer.json() == {"greeting": "hello", "received": {"who": "the old world"}}

    # Schedule.
    when = (datetime.fromisoformat(loop.now()) + timedelta(hours=1)).isoformat()
    body = {
        "name": "Tidy up",
        "method": "execute_scheduled_processing",
        "parameter": {},
        "trigger": {"type": "onetime", "date": when},
    }
    schedule = loop.client.post(f"{loop.path}/schedules", body)
    loop.client.post("/devops/local/clock", {"advance": "next"})
    loop.settle()
    (done,) = [task for task in loop.tasks() if task["object"]["id"] == schedule["id"]]
    assert done["status"] == "succeeded"
