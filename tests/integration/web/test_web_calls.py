"""Calls through the real platform and the real worker to a real application."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import anyio
import httpx
import live_web
import pytest
from running_web import Web

from connect_devops.services.installations import Installation
from connect_eaas.runner.settings import Limits


async def install(web: Web) -> tuple[Installation, str]:
    """Another account installs the extension; returns the installation and the key of that account."""

    def make() -> tuple[Installation, str]:
        services = web.platform.services
        account = services.accounts.create("Reseller", "reseller")
        key = services.accounts.create_key(account.id, "key").token
        return services.installations.install(web.environment_id, account.id, settings={"size": 3}), key

    return await asyncio.to_thread(make)


async def test_the_owner_calls_as_admin(owner: httpx.AsyncClient, running: Web) -> None:
    answer = await owner.get("/api/all")
    found = answer.json()
    assert answer.status_code == 200
    assert found["config"] == {"COLOUR": "red"}
    assert found["logger"] == found["context"]["user_id"]
    assert found["context"].pop("user_id").startswith("SU-")
    assert found["context"].pop("account_id").startswith("VA-")
    assert found["context"] == {
        "extension_id": running.extension.id,
        "environment_id": running.environment_id,
        "environment_type": "development",
        "account_role": "vendor",
        "call_source": "api",
        "call_type": "admin",
    }


async def test_an_account_that_installed_it_calls_as_user(running: Web) -> None:
    installation, key = await install(running)
    async with running.client(headers={"Authorization": key}) as client:
        context = (await client.get("/api/all")).json()["context"]
        assert context["installation_id"] == installation.id
        assert (context["call_type"], context["account_id"]) == ("user", installation.owner.id)
        for path in ("/api/installation", "/api/installation-async"):
            document = (await client.get(path)).json()
            assert (document["id"], document["settings"]) == (installation.id, {"size": 3})
    key_of_installation = await asyncio.to_thread(running.platform.services.installations.api_key, installation.id)
    async with running.client(headers={"Authorization": key_of_installation}) as client:
        assert (await client.get("/api/all")).json()["context"]["installation_id"] == installation.id


async def test_clients_of_the_owner_and_of_installations(owner: httpx.AsyncClient, running: Web) -> None:
    installation, _ = await install(running)
    for path in ("/api/owner", "/api/owner-async"):
        assert (await owner.get(path)).json()["name"] == "Local Vendor"
    for path in (f"/api/as/{installation.id}", f"/api/as-async/{installation.id}"):
        assert (await owner.get(path)).json() == installation.id


async def test_an_error_of_the_api_is_the_answer(owner: httpx.AsyncClient) -> None:
    answer = await owner.get("/api/missing")
    assert answer.status_code == 404
    assert set(answer.json()) == {"error_code", "errors"}


async def test_who_has_no_key_or_no_installation_stays_outside(anyone: httpx.AsyncClient, running: Web) -> None:
    assert (await anyone.get("/api/all")).status_code == 401
    assert (await anyone.get("/api/all", headers={"Authorization": "ApiKey SU-1:wrong"})).status_code == 401

    def stranger() -> str:
        accounts = running.platform.services.accounts
        return accounts.create_key(accounts.create("Stranger", "reseller").id, "key").token

    answer = await anyone.get("/api/all", headers={"Authorization": await asyncio.to_thread(stranger)})
    assert answer.status_code == 403
    assert "has not installed Web" in answer.text


FORGED = ["X-Connect-User-Id", "x-connect-user-id", "X-CONNECT-USER-ID", "x_connect_user_id", "X-Connect_User-Id"]


@pytest.mark.parametrize("name", FORGED)
async def test_callers_cannot_forge_internal_headers(anyone: httpx.AsyncClient, running: Web, name: str) -> None:
    forged = {
        name: "UR-forged",
        name.replace("user-id", "api-gateway-url").replace("User-Id", "Api-Gateway-Url"): "https://evil.example",
        "X-Connect-Installation-Api-Key": "ApiKey forged",
        "X-Connect-Config": '{"forged": 1}',
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example",
    }
    answer = await anyone.get("/guest/headers", headers=forged)
    text = answer.text.lower()
    assert answer.status_code == 200
    assert "evil" not in text
    assert "forged" not in text
    found = dict(answer.json())
    assert found["x-connect-api-gateway-url"] == f"{running.platform.url}/public/v1"
    assert "x-connect-installation-api-key" not in found
    assert found["x-forwarded-host"] == running.platform.url.removeprefix("http://")


async def test_keys_and_cookies_of_the_platform_stay_there(anyone: httpx.AsyncClient, running: Web) -> None:
    sent = {"Authorization": running.platform.api_key, "Cookie": "connect_devops_session=s3cret; mine=1"}
    answer = await anyone.get("/guest/headers", headers=sent)
    found = dict(answer.json())
    assert "authorization" not in found
    assert found["cookie"] == "mine=1"
    own = await anyone.get("/guest/headers", headers={"Authorization": "Bearer token-of-the-extension"})
    assert dict(own.json())["authorization"] == "Bearer token-of-the-extension"


async def test_repeated_headers_come_back_one_by_one(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/guest/cookies")
    cookies = [value.partition(";")[0] for value in answer.headers.get_list("set-cookie")]
    assert cookies == ["a=1", "b=2"]
    assert answer.headers["vary"] == "A, B"
    assert answer.headers["content-security-policy"].startswith("sandbox ")


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 100_000])
async def test_bodies_go_both_ways(anyone: httpx.AsyncClient, size: int) -> None:
    body = bytes(index % 251 for index in range(size))
    answer = await anyone.post("/guest/echo", content=body, headers={"Content-Type": "image/png"})
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["content-type"] == "image/png"
    assert int(answer.headers["content-length"]) == size


async def test_path_and_query_arrive_as_they_were_written(anyone: httpx.AsyncClient, running: Web) -> None:
    found = (await anyone.get("/guest/query?a=%20b&c=d%2Fe")).json()
    assert found["url"] == f"{running.platform.url}/guest/query?a=%20b&c=d%2Fe"
    assert (await anyone.get("/guest/files/a%20b/c%C3%A9")).json() == "a b/cé"


@pytest.mark.parametrize(
    "path",
    [
        "/ext/{id}/dev/guest%2F..%2Fapi/all",
        "/ext/{id}/dev/guest/..%2Fapi/all",
        "/ext/{id}%2Fdev/guest/api/all",
        "/ext/{id}/dev/%61pi/all",
        "/ext/{id}/dev//api/all",
        "/ext/{id}/dev/API/all",
        "/ext/{id}/dev/static/../api/all",
    ],
)
async def test_no_spelling_of_a_path_opens_the_closed_door(running: Web, path: str) -> None:
    host, port = running.platform.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    target = path.replace("{id}", running.extension.id)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
    status = int((await reader.read()).split(b" ", 2)[1])
    writer.close()
    await writer.wait_closed()
    assert status in (400, 401, 404)


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("/guest/empty", "{prefix}/guest/empty"),
        ("{origin}/guest/empty?x=1", "{prefix}/guest/empty?x=1"),
        ("https://elsewhere.example/x", "https://elsewhere.example/x"),
        ("//elsewhere.example/x", "//elsewhere.example/x"),
        ("other", "other"),
    ],
)
async def test_redirects_lead_to_the_same_application(
    anyone: httpx.AsyncClient, running: Web, to: str, location: str
) -> None:
    values = {"origin": running.platform.url, "prefix": f"/ext/{running.extension.id}/dev"}
    answer = await anyone.get("/guest/redirect", params={"to": to.format(**values)})
    assert answer.status_code == 307
    assert answer.headers["location"] == location.format(**values)


async def test_answers_without_a_body(anyone: httpx.AsyncClient) -> None:
    empty = await anyone.get("/guest/empty")
    assert (empty.status_code, empty.content) == (204, b"")
    head = await anyone.request("HEAD", "/openapi/spec.json")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len((await anyone.get("/openapi/spec.json")).content)
    assert (await anyone.get("/elsewhere")).status_code == 404
    assert (await anyone.get("/openapi/other")).status_code == 404


@pytest.mark.parametrize("path", ["/guest/crash", "/unauthorized/crash"])
async def test_a_crash_is_an_answer(anyone: httpx.AsyncClient, path: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = await anyone.get(path)
    assert (answer.status_code, answer.text) == (500, "it broke")
    assert "ValueError: it broke" in caplog.text


async def test_an_exit_ends_the_call_and_not_the_runner(anyone: httpx.AsyncClient) -> None:
    assert (await anyone.get("/guest/exit")).status_code == 500
    assert (await anyone.get("/guest/empty")).status_code == 204


async def test_a_call_that_hangs_is_answered_in_time_and_does_not_block_others(web: Web) -> None:
    async with web.running(Limits(web_s=1)), web.client() as client:
        # The first call of an application pays for imports and must not run into the short limit.
        while (await client.get("/guest/empty")).status_code != 204:
            pass
        with anyio.fail_after(15):
            answers = await asyncio.gather(
                client.get("/guest/hang"), client.get("/guest/hang-in-thread"), client.get("/guest/empty")
            )
    assert [answer.status_code for answer in answers] == [504, 504, 204]
    live_web.released.set()


async def test_calls_at_once_are_bounded_and_wait_for_their_turn(web: Web) -> None:
    async with web.running(Limits(concurrency=2)), web.client() as client:
        calls = [asyncio.create_task(client.get("/guest/hang-in-thread")) for _ in range(5)]
        await asyncio.to_thread(live_web.entered.acquire)
        await asyncio.to_thread(live_web.entered.acquire)
        assert not await asyncio.to_thread(live_web.entered.acquire, timeout=0.2)
        live_web.released.set()
        answers = await asyncio.gather(*calls)
        assert [answer.json() for answer in answers] == ["released"] * 5
    while live_web.entered.acquire(blocking=False):
        pass


async def test_too_many_calls_are_refused(web: Web) -> None:
    async with web.running(Limits(concurrency=1)), web.client() as client:
        calls = [asyncio.create_task(client.get("/guest/hang-in-thread")) for _ in range(12)]
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        refused = done.pop().result()
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        live_web.released.set()
        statuses = sorted([(await call).status_code for call in calls])
        assert statuses == [200] * 11 + [503]
    while live_web.entered.acquire(blocking=False):
        pass


async def test_an_answer_does_not_wait_for_what_follows_it_but_the_stop_does(web: Web) -> None:
    async with web.running() as worker, web.client() as client:
        assert (await client.get("/guest/later")).json() == "now"
        assert live_web.seen == []
        worker.stop.request("a test")
        threading.Timer(0.2, live_web.released.set).start()
    assert live_web.seen == ["later"]


async def test_calls_in_hand_are_answered_before_the_runner_stops(web: Web) -> None:
    async with web.running() as worker, web.client() as client:
        call = asyncio.create_task(client.get("/guest/hang-in-thread"))
        await asyncio.to_thread(live_web.entered.acquire)
        worker.stop.request("a test")
        live_web.released.set()
        assert (await call).json() == "released"


async def test_calls_that_a_stop_gives_up_are_told_so(web: Web) -> None:
    async with web.running(Limits(stop_s=1)) as worker, web.client() as client:
        call = asyncio.create_task(client.get("/guest/hang"))
        await asyncio.to_thread(live_web.entered.acquire)
        worker.stop.request("a test")
        answer = await call
    assert (answer.status_code, answer.text) == (503, "the extension was stopped")


async def test_without_a_runner_the_answer_is_502(web: Web) -> None:
    async with web.client() as client:
        answer = await client.get("/guest/empty")
    assert answer.status_code == 502
    assert answer.json()["errors"] == [f"No runner of {web.environment_id} is connected."]


async def test_a_call_too_large_for_a_frame_is_413(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.post("/guest/echo", content=b"x" * 2_000_000)
    assert answer.status_code == 413
    assert "2097152 bytes at most" in answer.text
    assert (await anyone.post("/guest/echo", content=b"x" * 1_000_000)).status_code == 200


async def test_an_answer_too_large_for_the_platform_is_replaced(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/guest/large", params={"size": 14_000_000})
    assert answer.status_code == 500
    assert answer.json() == {"detail": "The answer is larger than the platform accepts."}
    # Learnt: the next one does not cost the connection.
    assert (await anyone.get("/guest/large", params={"size": 14_000_000})).status_code == 500
    assert len((await anyone.get("/guest/large", params={"size": 3_000_000})).content) == 3_000_000


@pytest.mark.parametrize("missing", ["/ext/SRVC-0000-0000/dev/guest/empty", "/ext/{id}/staging/guest/empty"])
async def test_unknown_extensions_and_environments_are_404(web: Web, missing: str) -> None:
    async with httpx.AsyncClient(base_url=web.platform.url) as client:
        assert (await client.get(missing.replace("{id}", web.extension.id))).status_code == 404


async def test_the_platform_knows_the_pages_and_variables(owner: httpx.AsyncClient, running: Web) -> None:
    def read() -> tuple[Any, list[str]]:
        services = running.platform.services
        environment = services.environments.get(running.environment_id)
        variables = services.variables.page(environment.id).items
        return environment, [variable.name for variable in variables]

    environment, names = await asyncio.to_thread(read)
    assert environment.features.web_app_available
    assert names == ["COLOUR"]
