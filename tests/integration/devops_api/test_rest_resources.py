"""The REST API of the DevOps module, resource by resource."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from scripted_runner import PURCHASE, Runners

from connect_devops.clock import ManualClock
from connect_devops.server import Platform

SCHEDULABLE = [{"method": "sweep", "name": "Sweep", "description": "Sweeps."}]


def error_of(answer: httpx.Response) -> tuple[int, str]:
    body: dict[str, Any] = answer.json()
    assert set(body) == {"error_code", "errors"}
    return answer.status_code, body["errors"][0]


async def test_new_extension_has_three_environments(api: httpx.AsyncClient, runners: Runners) -> None:
    document = (await api.get(f"/devops/services/{runners.extension_id}")).json()
    digits = runners.extension_id.removeprefix("SRVC-")
    assert {kind: item["id"] for kind, item in document["environments"].items()} == {
        "development": f"ENV-{digits}-01",
        "test": f"ENV-{digits}-02",
        "production": f"ENV-{digits}-03",
    }
    for item in document["environments"].values():
        assert (item["status"], item["runtime"], item["git"]) == ("uninitialized", "local", {})
    assert document["owner"]["role"] == "vendor"
    assert document["products"][0]["id"] == "PRD-100-200-300"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "A"}, "type"),
        ({"type": "products"}, "name"),
        ({"type": "magic", "name": "A"}, "type"),
        ({"type": "hub", "name": "A", "hub": {"id": "HB-0000-0000"}}, "type"),
        ({"type": "multiaccount", "name": "A"}, "package_id"),
        ({"type": "products", "name": "A" * 257, "products": [{"id": "PRD-1"}]}, "name"),
        ({"type": "products", "name": 7}, "name"),
        ({"type": "products", "name": "A", "products": "PRD-1"}, "products"),
        ({"type": "products", "name": "A", "products": [{}]}, "products.0"),
        ({"type": "products", "name": "A", "product": "PRD-1"}, "product"),
    ],
)
async def test_wrong_extension_is_refused_and_names_the_field(
    api: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    status, text = error_of(await api.post("/devops/services", json=body))
    assert status == 400
    assert text.startswith(f"{field}: "), text


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'"text"', b"\xff", b'{"name": NaN}', rb'{"name": "\ud800"}', b"[" * 100_000]
)
async def test_body_that_is_no_object_is_refused(api: httpx.AsyncClient, content: bytes) -> None:
    status, text = error_of(await api.post("/devops/services", content=content))
    assert (status, text.startswith("body: ")) == (400, True)


async def test_extension_is_changed_found_and_deleted(api: httpx.AsyncClient, runners: Runners) -> None:
    path = f"/devops/services/{runners.extension_id}"
    changed = (await api.put(path, json={"name": "Renamed", "description": "d"})).json()
    assert (changed["name"], changed["description"]) == ("Renamed", "d")
    assert (await api.get("/devops/services?eq(name,Renamed)")).json()[0]["id"] == runners.extension_id
    assert (await api.get("/devops/services?eq(package_id,none.such)")).json() == []
    assert (await api.delete(path)).status_code == 204
    assert error_of(await api.get(path))[0] == 404


async def test_connected_extension_is_not_deleted(api: httpx.AsyncClient, runners: Runners) -> None:
    await runners.start()
    assert (await api.delete(f"/devops/services/{runners.extension_id}")).status_code == 400
    assert (await api.get(f"/devops/services/{runners.extension_id}")).status_code == 200


async def test_others_extensions_are_not_there(platform: Platform, api: httpx.AsyncClient, runners: Runners) -> None:
    accounts = platform.services.accounts
    key = accounts.create_key(accounts.create("Stranger", "vendor").id, "key").token
    headers = {"Authorization": key}
    assert (await api.get("/devops/services", headers=headers)).json() == []
    for path in (f"/devops/services/{runners.extension_id}", runners.base, f"{runners.base}/variables"):
        assert error_of(await api.get(path, headers=headers))[0] == 404
    assert (await api.get("/devops/local/info", headers=headers)).status_code == 403


async def test_environment_of_another_extension_is_not_found_under_this_one(
    api: httpx.AsyncClient, runners: Runners
) -> None:
    other = (
        await api.post("/devops/services", json={"type": "products", "name": "B", "products": [{"id": "PRD-2"}]})
    ).json()
    path = f"/devops/services/{other['id']}/environments/{runners.environment_id}"
    assert error_of(await api.get(path))[0] == 404


async def test_environment_settings(api: httpx.AsyncClient, runners: Runners) -> None:
    secret = "JWT-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd"
    changed = (await api.put(runners.base, json={"jwt_secret": secret})).json()
    assert changed["jwt_secret"] == secret
    git = {
        "url": "https://example.com/a.git",
        "tag": "1.0",
        "commit": "abc",
        "auth": {"username": "u", "password": "p"},
    }
    changed = (await api.put(runners.base, json={"git": git, "runtime": "cloud"})).json()
    assert changed["runtime"] == "cloud"
    assert changed["git"] == {"url": git["url"], "tag": "1.0", "commit": "abc", "auth": {"username": "u"}}
    assert error_of(await api.put(runners.base, json={"runtime": "moon"}))[1].startswith("runtime: ")
    assert error_of(await api.put(runners.base, json={"git": "x"}))[1].startswith("git: ")


async def test_local_environment_is_neither_started_nor_stopped_here(api: httpx.AsyncClient, runners: Runners) -> None:
    for action in ("start", "stop"):
        status, text = error_of(await api.post(f"{runners.base}/{action}"))
        assert (status, "Local mode" in text) == (400, True)


async def test_secured_variable_is_masked_and_stays_secured(api: httpx.AsyncClient, runners: Runners) -> None:
    path = f"{runners.base}/variables"
    made = (await api.post(path, json={"name": "TOKEN", "value": "s3cret", "secure": True})).json()
    assert made["value"] == "*****"
    assert "s3cret" not in (await api.get(path)).text
    assert (await api.put(f"{path}/{made['id']}", json={"value": "new"})).json()["value"] == "*****"
    assert error_of(await api.put(f"{path}/{made['id']}", json={"value": "x", "secure": False}))[0] == 400
    assert error_of(await api.post(path, json={"name": "TOKEN", "value": "again"}))[1].startswith("name: ")
    assert error_of(await api.post(path, json={"name": "EMPTY", "value": ""}))[1].startswith("value: ")
    assert (await api.delete(f"{path}/{made['id']}")).status_code == 204


async def test_schedule_fires_when_the_clock_is_moved(
    api: httpx.AsyncClient, runners: Runners, clock: ManualClock
) -> None:
    runner = await runners.connect()
    await runner.set_up(schedulables=SCHEDULABLE)
    path = f"{runners.base}/schedules"
    date = (clock.now() + timedelta(hours=1)).isoformat()
    body = {
        "name": "Once",
        "method": "sweep",
        "parameter": {"rooms": 2},
        "trigger": {"type": "onetime", "date": date},
    }
    made = (await api.post(path, json=body)).json()
    assert made["id"].startswith(runners.environment_id.replace("ENV", "EFS"))
    assert (made["parameter"], made["environment"]["id"]) == ({"rooms": 2}, runners.environment_id)
    moved = (await api.post("/devops/local/clock", json={"advance": 3601})).json()
    assert moved["now"] == clock.now().isoformat()
    task = await runner.receive("task")
    assert (task["input"]["event_type"], task["input"]["object_id"]) == ("scheduled_execution", made["id"])
    assert task["options"]["task_category"] == "scheduled"
    # The runner reads the schedule by the environment's name that it was configured with.
    by_uuid = path.replace(runners.environment_id, runners.environment["external_id"])
    assert (await api.get(f"{by_uuid}/{made['id']}")).json()["method"] == "sweep"


async def test_schedule_life(api: httpx.AsyncClient, runners: Runners) -> None:
    runner = await runners.connect()
    await runner.set_up(schedulables=SCHEDULABLE)
    path = f"{runners.base}/schedules"
    trigger = {"type": "recurring", "unit": "days", "amount": 1, "start": "2030-01-01T00:00:00+00:00"}
    made = (await api.post(path, json={"name": "Daily", "method": "sweep", "trigger": trigger})).json()
    one = f"{path}/{made['id']}"
    assert (await api.post(f"{one}/disable")).json()["status"] == "disabled"
    assert (await api.post(f"{one}/enable")).json()["status"] in ("enabled", "pending")
    assert (await api.put(one, json={"name": "Nightly"})).json()["name"] == "Nightly"
    assert (await api.get(f"{path}?eq(method,sweep)&ordering(-name)")).json()[0]["id"] == made["id"]
    assert (await api.post(f"{one}/trigger")).status_code == 200
    assert (await runner.receive("task"))["input"]["object_id"] == made["id"]
    assert (await api.delete(one)).status_code == 204
    assert error_of(await api.get(one))[0] == 404
    wrong = {"name": "W", "method": "sweep", "trigger": {"type": "advanced", "cron_expression": "never"}}
    assert error_of(await api.post(path, json=wrong))[1].startswith("trigger.")
    foreign = {"name": "F", "method": "missing", "trigger": {"type": "onetime", "date": "2030-01-01T00:00:00Z"}}
    assert error_of(await api.post(path, json=foreign))[1].startswith("method: ")


async def test_tasks_are_filtered_and_ordered(api: httpx.AsyncClient, runners: Runners) -> None:
    ids = [await runners.submit(f"PR-{number}") for number in range(3)]
    path = f"{runners.base}/tasks"
    newest_first = [item["id"] for item in (await api.get(path)).json()]
    assert newest_first == ids[::-1]
    assert (await api.get(f"{path}?in(object.id,(PR-0,PR-2))&limit=0")).headers["Content-Range"] == "items 0-0/2"
    found = (await api.get(f"{path}?and(eq(object.category,background),eq(object.type,{PURCHASE}))&limit=1")).json()
    assert len(found) == 1
    assert found[0]["environment"]["extension"]["id"] == runners.extension_id
    assert (await api.get(f"{path}?eq(status,failed)")).json() == []
    assert error_of(await api.get(f"{path}?eq(output,x)"))[0] == 400
    assert error_of(await api.get(f"{path}/TQ-0000-0000-0000-0000"))[0] == 404


async def test_same_work_waits_only_once(runners: Runners) -> None:
    assert await runners.submit("PR-1") == await runners.submit("PR-1")


async def test_only_failed_tasks_are_tried_again_by_hand(api: httpx.AsyncClient, runners: Runners) -> None:
    task_id = await runners.submit("PR-1")
    assert error_of(await api.post(f"{runners.base}/tasks/{task_id}/resubmit"))[0] == 400


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        (None, "object"),
        ({"id": "PR-1"}, "type"),
        ({"id": "PR-1", "type": "nothing"}, "object.type"),
        ({"id": "PR-1", "type": PURCHASE, "category": "interactive"}, "object.category"),
        ({"type": PURCHASE}, "id"),
    ],
)
async def test_wrong_task_names_the_field(
    api: httpx.AsyncClient, runners: Runners, subject: dict[str, str] | None, field: str
) -> None:
    status, text = error_of(await api.post(f"{runners.base}/tasks", json={"object": subject}))
    assert (status, text.partition(":")[0]) == (400, field)


async def test_installation_has_a_key_that_sees_only_itself(api: httpx.AsyncClient) -> None:
    body: dict[str, Any] = {"type": "multiaccount", "name": "Many", "package_id": "com.example.many"}
    extension = (await api.post("/devops/services", json=body)).json()
    environment = extension["environments"]["development"]
    body = {"environment": {"id": environment["id"]}, "settings": [1, 2]}
    made = (await api.post("/devops/installations", json=body)).json()
    assert (made["status"], made["settings"]) == ("installed", [1, 2])
    theirs = f"/devops/services/{extension['id']}/installations"
    assert (await api.get(f"{theirs}?eq(status,installed)")).json()[0]["id"] == made["id"]
    key = (await api.post(f"{theirs}/{made['id']}/impersonate")).json()["installation_api_key"]
    assert key.startswith("ApiKey SU-")
    headers = {"Authorization": key}
    changed = await api.put(f"/devops/installations/{made['id']}", json={"settings": {"a": 1}}, headers=headers)
    assert changed.json()["settings"] == {"a": 1}
    other = {"type": "multiaccount", "name": "Other", "package_id": "com.example.other"}
    other_id = (await api.post("/devops/services", json=other)).json()["environments"]["development"]["id"]
    foreign = (await api.post("/devops/installations", json={"environment": {"id": other_id}})).json()
    assert error_of(await api.get(f"/devops/installations/{foreign['id']}", headers=headers))[0] == 404
    found = await api.get("/devops/installations", headers=headers)
    assert [item["id"] for item in found.json()] == [made["id"]]
    found = await api.get(f"/devops/installations?eq(environment.id,{environment['id']})", headers=headers)
    assert [item["id"] for item in found.json()] == [made["id"]]
    assert error_of(await api.get("/devops/services", headers=headers))[0] == 403
    ended = (await api.post(f"/devops/installations/{made['id']}/uninstall", json={"comment": "bye"})).json()
    assert (ended["status"], ended["comment"]) == ("uninstalled", "bye")


async def test_info_has_what_scripts_need(platform: Platform, api: httpx.AsyncClient, runners: Runners) -> None:
    info = (await api.get("/devops/local/info")).json()
    assert {"url", "https_url", "ws_url", "ca_file", "data_dir", "api_key", "extensions"} <= set(info)
    assert (info["url"], info["api_key"]) == (platform.url, platform.api_key)
    (extension,) = info["extensions"]
    assert set(extension) == {"id", "name", "type", "environments"}
    assert [set(item) for item in extension["environments"]] == [
        {"id", "uuid", "type", "status", "jwt_secret", "web_url"}
    ] * 3


@pytest.mark.parametrize("advance", [-1, "1", None, True, 10**12])
async def test_clock_moves_forward_by_a_sane_number_only(api: httpx.AsyncClient, advance: object) -> None:
    status, text = error_of(await api.post("/devops/local/clock", json={"advance": advance}))
    assert (status, text.startswith("advance: ")) == (400, True)


async def test_base_address_tells_the_version_without_a_key(platform: Platform) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{platform.url}/public/v1")
        assert (await client.get(f"{platform.url}/public/v1/", follow_redirects=True)).status_code == 200
    assert (answer.status_code, answer.headers["connect-version"]) == (200, "37.0.0")
