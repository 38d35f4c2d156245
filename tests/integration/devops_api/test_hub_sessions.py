"""Runners and the hub: who is let in, the handshake, configuration, and how sessions end."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from scripted_runner import CUSTOM_EVENT, PURCHASE, Runners, made_for
from websockets.exceptions import InvalidStatus

from connect_devops.server import running_platform
from connect_devops.settings import Settings


async def refusal(runners: Runners, **where: Any) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught:
        await runners.connect(**where)
    response = caught.value.response
    assert response.headers["Connect-Version"] == "37.0.0"
    body = json.loads(response.body or b"")
    assert body["errors"]
    return response.status_code, body["error_code"]


async def test_wrong_or_missing_key_is_401(runners: Runners) -> None:
    assert await refusal(runners, key="ApiKey SU-000-000-000:wrong") == (401, "AUTH_001")
    assert await refusal(runners, key="") == (401, "AUTH_001")


async def test_unknown_environment_or_application_is_404(runners: Runners) -> None:
    assert await refusal(runners, environment="ENV-0000-0000-01") == (404, "NFND_001")
    assert await refusal(runners, suffix="/mailapp") == (404, "NFND_001")


async def test_key_of_another_account_is_403(runners: Runners) -> None:
    accounts = runners.services.accounts
    stranger = accounts.create("Stranger", "vendor")
    key = accounts.create_key(stranger.id, "key").token
    assert await refusal(runners, key=key) == (403, "AUTH_002")


async def test_handshake_configures_the_runner_and_connects_the_environment(runners: Runners) -> None:
    await runners.api.post(f"{runners.base}/variables", json={"name": "TOKEN", "value": "s3cret", "secure": True})
    runner = await runners.connect()
    response = await runner.set_up(
        variables=[{"name": "TEMPLATE", "initial_value": "TL-1", "secure": False}],
        schedulables=[{"method": "sweep", "name": "Sweep", "description": "Sweeps."}],
        repository={"readme_url": "https://example.com/readme", "changelog_url": None},
    )
    variables = {item["name"]: (item["value"], item["secure"]) for item in response["variables"]}
    assert variables == {"TOKEN": ("s3cret", True), "TEMPLATE": ("TL-1", False)}
    assert response["environment_type"] == "development"
    assert response["logging"]["logging_api_key"] is None
    assert response["logging"]["meta"]["service_id"] == runners.extension_id
    definitions = {item["event_type"]: item for item in response["event_definitions"]}
    assert definitions[PURCHASE] == {
        "event_type": PURCHASE,
        "api_resource_endpoint": "requests/{pk}",
        "api_collection_endpoint": "requests",
        "api_collection_filter": "and(eq(id,${_object_id_}),in(status,${_statuses_}))",
    }
    environment = (await runners.api.get(runners.base)).json()
    assert environment["status"] == "connected"
    assert environment["readme_url"] == "https://example.com/readme"
    assert [item["method"] for item in environment["schedulables"]] == ["sweep"]
    assert environment["configuration"] == {"TEMPLATE": "TL-1", "TOKEN": "*****"}
    assert [instance["container_id"] for instance in environment["instances"]] == ["instance-1"]
    enabled = {item["id"]: item.get("statuses") for item in environment["capabilities"] if item["enabled"]}
    assert set(enabled) == {PURCHASE, CUSTOM_EVENT}
    assert {status for status, on in enabled[PURCHASE].items() if on} == {"pending", "inquiring"}


async def test_environment_may_be_named_by_its_uuid(runners: Runners) -> None:
    runner = await runners.start(environment=runners.environment["external_id"])
    await runners.submit("PR-1")
    assert (await runner.receive("task"))["input"]["object_id"] == "PR-1"


async def test_environment_is_disconnected_when_its_last_session_has_gone(runners: Runners) -> None:
    background = await runners.start()
    interactive = await runners.start(runner_type="interactive")
    assert len((await runners.api.get(runners.base)).json()["instances"]) == 1
    with runners.services.signals.listen() as inbox, anyio.fail_after(30):
        await background.cut()
        await interactive.socket.close()
        while (environment := (await runners.api.get(runners.base)).json())["status"] != "disconnected":
            await inbox.get()
    assert environment["instances"] == []


async def test_features_are_confirmed_only_to_those_who_asked(runners: Runners) -> None:
    plain = await runners.connect(instance="plain")
    assert (await plain.set_up())["features"] is None
    modern = await runners.connect(instance="modern")
    assert (await modern.set_up(acknowledge=True))["features"] == ["ack"]


async def test_changed_configuration_reaches_every_session_when_it_is_applied(runners: Runners) -> None:
    background = await runners.start()
    interactive = await runners.start(runner_type="interactive")
    await runners.api.post(f"{runners.base}/variables", json={"name": "A", "value": "1", "secure": False})
    assert (await runners.api.get(runners.base)).json()["configuration_changed"] is True
    assert (await runners.api.post(f"{runners.base}/update-config")).status_code == 200
    for runner in (background, interactive):
        pushed = await runner.receive("setup_response")
        assert [(item["name"], item["value"]) for item in pushed["variables"]] == [("A", "1")]
    assert (await runners.api.get(runners.base)).json()["configuration_changed"] is False


async def test_changed_log_level_reaches_the_runner_at_once(runners: Runners) -> None:
    runner = await runners.start()
    assert (await runners.api.post(f"{runners.base}/logs/set-level/DEBUG")).json()["log_level"] == "DEBUG"
    assert (await runner.receive("setup_response"))["logging"]["log_level"] == "DEBUG"
    wrong = await runners.api.post(f"{runners.base}/logs/set-level/LOUD")
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    "garbage",
    [
        "no json",
        "[]",
        "{}",
        '{"version": 2, "message_type": "telegram", "data": null}',
        '{"version": 2, "message_type": "task", "data": {"options": {}}}',
        '{"version": 2, "message_type": "setup_request", "data": {}}',
    ],
)
async def test_what_cannot_be_read_harms_nobody(runners: Runners, garbage: str) -> None:
    runner = await runners.start()
    await runner.socket.send(garbage)
    await runner.socket.send(garbage.encode())
    task_id = await runners.submit("PR-1")
    await runner.answer(await runner.receive("task"))
    await runners.until(task_id, "succeeded")


async def test_an_older_connection_of_the_same_runner_is_replaced(runners: Runners) -> None:
    older = await runners.start()
    newer = await runners.start()
    assert await older.closed() == 4000
    task_id = await runners.submit("PR-1")
    await newer.answer(await newer.receive("task"))
    await runners.until(task_id, "succeeded")


async def test_stopping_platform_makes_runners_come_back(settings: Settings) -> None:
    running = running_platform(settings)
    platform = await running.__aenter__()
    async with made_for(platform) as runners:
        runner = await runners.start()
        await running.__aexit__(None, None, None)
        assert await runner.closed() == 1012


async def test_runner_that_stops_gets_no_more_tasks_but_is_listened_to(runners: Runners) -> None:
    runner = await runners.start(acknowledge=True)
    first = await runners.submit("PR-1")
    task = await runner.receive("task")
    await runner.send("shutdown", None)
    second = await runners.submit("PR-2")
    assert await runner.is_quiet()
    await runner.answer(task)
    assert (await runner.receive("ack"))["task_id"] == first
    assert (await runners.task(first))["status"] == "succeeded"
    assert (await runners.task(second))["status"] == "scheduled"
