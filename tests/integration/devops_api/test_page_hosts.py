"""Hosts of extensions and of the frames around their pages: who answers, who is let in, and what is kept back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connect_devops.server import Platform
from connect_eaas.protocol.messages import SetupRequest

MODULES = {
    "settings": {"label": "Settings", "url": "/static/settings.html", "icon": "/static/icon.svg"},
    "modules": {
        "label": "Orders",
        "url": "/static/orders.html",
        "children": [{"label": "Old <orders>", "url": "/static/old.html"}],
    },
    "admins": [{"label": "Admin", "url": "/static/admin.html"}],
}


@dataclass(frozen=True)
class Extension:
    """An extension whose web application has declared pages, without a runner, and the owner's client."""

    environment_id: str
    api: httpx.AsyncClient


@asynccontextmanager
async def made_on(platform: Platform, package_id: str) -> AsyncIterator[Extension]:
    async with httpx.AsyncClient(
        base_url=f"{platform.url}/public/v1", headers={"Authorization": platform.api_key}, trust_env=False
    ) as api:
        body = {"type": "multiaccount", "name": package_id, "package_id": package_id}
        answer = await api.post("/devops/services", json=body)
        made = Extension(answer.json()["environments"]["development"]["id"], api)
        setup = SetupRequest.model_validate(
            {
                "ui_modules": MODULES,
                "proxied_connect_api": {"/public/v1/accounts": "view", "/public/v1/devops": "edit"},
            }
        )
        environments = platform.services.environments
        await asyncio.to_thread(environments.record_setup, made.environment_id, "webapp", setup)
        yield made


class Window:
    """A browser that knows hosts below localhost: httpx looks names up elsewhere, so they are told in the header."""

    def __init__(self, platform: Platform) -> None:
        self.port = urlsplit(platform.url).port
        self.cookies: dict[str, dict[str, str]] = {}

    async def get(self, url: str, method: str = "GET", **headers: str) -> httpx.Response:
        parts = urlsplit(url)
        jar = self.cookies.setdefault(parts.netloc, {})
        if jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        address = parts._replace(netloc=f"127.0.0.1:{self.port}").geturl()
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.request(method, address, headers={"Host": parts.netloc, **headers})
        jar.update(answer.cookies.items())
        return answer


@pytest.fixture
async def multi(platform: Platform) -> AsyncIterator[Extension]:
    async with made_on(platform, "connect.pages") as made:
        yield made


@pytest.fixture
def window(platform: Platform) -> Window:
    return Window(platform)


async def link(multi: Extension, **body: str) -> str:
    answer = await multi.api.post("/devops/local/browser", json={"environment": multi.environment_id, **body})
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["url"]
    return url


async def entered(multi: Extension, window: Window, **body: str) -> tuple[str, str]:
    """Open the frame; returns the address of the frame's iframe and the extension's origin."""
    url = await link(multi, **body)
    frame = url.partition("/-/")[0]
    door = await window.get(url)
    assert door.status_code == 200
    (to,) = re.findall(r'url=([^"]+)"', door.text)
    shown = await window.get(frame + to.replace("&amp;", "&"))
    assert shown.status_code == 200
    (source,) = re.findall(r'data-source="(http[^"]+/-/session[^"]+)"', shown.text)
    return source.replace("&amp;", "&"), frame.replace("portal.", "")


async def test_frame_lists_pages_and_needs_a_link(multi: Extension, platform: Platform, window: Window) -> None:
    url = await link(multi, page="orders")
    frame = url.partition("/-/")[0]
    assert (await window.get(f"{frame}/")).status_code == 401

    door = await window.get(url)
    assert "page=modules-1" in door.text or "page=modules" in door.text
    cookie = door.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "domain" not in cookie
    shown = await window.get(f"{frame}/")
    for text in ("Account Settings", "Orders", "Old &lt;orders&gt;", "Installations Admin", "No runner is connected"):
        assert text in shown.text
    assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]

    assert (await Window(platform).get(url)).status_code == 401, "the link works once"


async def test_session_of_a_page_ends_at_its_own_host(multi: Extension, platform: Platform, window: Window) -> None:
    source, origin = await entered(multi, window)
    assert (await window.get(f"{origin}/api/x")).status_code == 401
    opened = await window.get(source)
    assert (opened.status_code, opened.headers["location"]) == (303, "/static/settings.html")
    assert "samesite=strict" in opened.headers["set-cookie"].lower()
    # Let in, and nobody serves it.
    assert (await window.get(f"{origin}/api/x")).status_code == 502
    assert (await window.get(source)).status_code == 401, "the code works once"

    with_session = window.cookies[urlsplit(origin).netloc]
    async with made_on(platform, "connect.other") as other:
        _, others_origin = await entered(other, Window(platform))
        window.cookies[urlsplit(others_origin).netloc] = with_session
        assert (await window.get(f"{others_origin}/api/x")).status_code == 401
    cookie = "; ".join(f"{name}={value}" for name, value in with_session.items())
    assert (await window.get(f"{platform.url}/", Cookie=cookie)).status_code == 401
    assert (await window.get(f"{platform.url}/public/v1/accounts", Cookie=cookie)).status_code == 401


async def test_page_elsewhere_cannot_use_the_session(multi: Extension, window: Window) -> None:
    source, origin = await entered(multi, window)
    await window.get(source)
    name = urlsplit(origin).netloc.partition(".")[0]
    for foreign in ("http://evil.example", "null", f"http://{name}.localhost:1", origin.replace("//", "//portal.")):
        for method, path in (("POST", "/api/x"), ("GET", "/static/x"), ("GET", "/public/v1/accounts")):
            assert (await window.get(f"{origin}{path}", method, Origin=foreign)).status_code == 403, (foreign, path)
    for site in ("cross-site", "same-site"):
        assert (await window.get(f"{origin}/api/x", **{"Sec-Fetch-Site": site})).status_code == 403
    own = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    assert (await window.get(f"{origin}/api/x", "POST", **own)).status_code == 502


async def test_only_hosts_of_existing_environments_answer(multi: Extension, platform: Platform, window: Window) -> None:
    _, origin = await entered(multi, window)
    port = window.port
    digits = multi.environment_id.removeprefix("ENV-").removesuffix("-01")
    assert origin == f"http://srvc-{digits}-dev.localhost:{port}"
    assert (await window.get(f"http://env-{digits}-02.localhost:{port}/static/x")).status_code == 502
    for name in ("env-0000-0000-09", "srvc-0000-0001", "other", f"x.srvc-{digits}-dev", f"srvc-{digits}-dev.evil"):
        answer = await window.get(f"http://{name}.localhost:{port}/static/x")
        assert answer.status_code == 403, name
        assert "Host" in answer.json()["errors"][0]
    # The platform's own addresses are not on this host, and its API does not listen to it.
    assert (await window.get(f"{origin}/login")).status_code == 404
    called = await window.get(f"{platform.url}/public/v1/accounts", Origin=origin, Authorization=platform.api_key)
    assert called.status_code == 403


async def test_page_calls_the_declared_part_of_the_api(multi: Extension, platform: Platform, window: Window) -> None:
    made = (await multi.api.post("/devops/installations", json={"environment": {"id": multi.environment_id}})).json()
    source, origin = await entered(multi, window)
    assert (await window.get(f"{origin}/public/v1/accounts")).status_code == 401
    await window.get(source)

    accounts = await window.get(f"{origin}/public/v1/accounts")
    assert accounts.status_code == 200
    assert accounts.json()[0]["id"].startswith("VA-")
    seen = await window.get(f"{origin}/public/v1/devops/installations/{made['id']}")
    assert seen.json()["id"] == made["id"]
    for method, path in (
        ("POST", "/public/v1/accounts"),
        ("GET", "/public/v1/requests"),
        ("GET", "/public/v1/accountsx"),
        ("GET", "/public/v1/devops/local/info"),
    ):
        assert (await window.get(f"{origin}{path}", method)).status_code == 403, path


async def test_links_name_what_exists(multi: Extension, platform: Platform, window: Window) -> None:
    async def refused(**body: str) -> str:
        answer = await multi.api.post("/devops/local/browser", json={"environment": multi.environment_id, **body})
        assert 400 <= answer.status_code < 500
        return str(answer.json()["errors"])

    assert "it has Settings, Orders" in await refused(page="nothing")
    assert "EIN-1" in await refused(installation="EIN-1")
    assert "ENV-1" in await refused(environment="ENV-1")
    async with made_on(platform, "connect.foreign") as other:
        body = {"environment": {"id": other.environment_id}}
        foreign = (await multi.api.post("/devops/installations", json=body)).json()["id"]
        assert "no installation of" in await refused(installation=foreign)


async def test_an_extension_without_pages_gets_no_link(multi: Extension, platform: Platform) -> None:
    body = {"type": "multiaccount", "name": "Bare", "package_id": "connect.bare"}
    made = (await multi.api.post("/devops/services", json=body)).json()
    environment_id = made["environments"]["development"]["id"]

    async def refused() -> str:
        answer = await multi.api.post("/devops/local/browser", json={"environment": environment_id})
        assert answer.status_code == 404
        return str(answer.json()["errors"])

    assert "has no pages yet" in await refused()
    assert "ccli devops dev" in await refused()
    setup = SetupRequest.model_validate({"runner_version": "1.0"})
    environments = platform.services.environments
    await asyncio.to_thread(environments.record_setup, environment_id, "webapp", setup)
    assert "what runs there declares none" in await refused()


async def test_session_ends_with_the_installation(multi: Extension, window: Window) -> None:
    body = {"environment": {"id": multi.environment_id}}
    made = (await multi.api.post("/devops/installations", json=body)).json()["id"]
    source, origin = await entered(multi, window, installation=made)
    assert (await window.get(source)).status_code == 303
    await multi.api.post(f"/devops/installations/{made}/uninstall", json={})
    answer = await window.get(f"{origin}/api/x")
    assert (answer.status_code, made in answer.text) == (403, True)


async def test_frame_offers_every_installation(multi: Extension, platform: Platform, window: Window) -> None:
    def install() -> list[str]:
        services = platform.services
        accounts = [services.accounts.create(f"Reseller <{number}>", "reseller") for number in range(2)]
        return [services.installations.install(multi.environment_id, account.id).id for account in accounts]

    first, second = await asyncio.to_thread(install)
    url = await link(multi, installation=second)
    frame = url.partition("/-/")[0]
    await window.get(url)
    shown = (await window.get(f"{frame}/?as={second}")).text
    assert f'<option value="{second}" selected>Reseller &lt;1&gt;' in shown
    assert f'<option value="{first}">Reseller &lt;0&gt;' in shown
    assert "Local Vendor, without an installation" in shown
    # The first one, where nobody was asked for or the one is gone.
    for query in ("", "?as=EIN-0"):
        assert f'<option value="{first}" selected>' in (await window.get(f"{frame}/{query}")).text


async def test_host_header_cannot_smuggle_anything_into_ours(multi: Extension, platform: Platform) -> None:
    digits = multi.environment_id.removeprefix("ENV-").removesuffix("-01")
    async with httpx.AsyncClient(trust_env=False) as client:
        for port in ("1; script-src *", "x", "99999"):
            host = f"srvc-{digits}-dev.localhost:{port}"
            answer = await client.get(f"{platform.url}/static/x", headers={"Host": host})
            assert 400 <= answer.status_code < 500
            assert "content-security-policy" not in answer.headers


async def test_door_leads_nowhere_else(multi: Extension, window: Window) -> None:
    source, origin = await entered(multi, window)
    code = parse_qs(urlsplit(source).query)["code"][0]
    for to in ("//evil.example/", "https://evil.example/", "/\\evil.example"):
        answer = await window.get(f"{origin}/-/session?code={code}&to={to}")
        assert answer.status_code == 400


async def test_environment_page_leads_to_the_pages(multi: Extension, platform: Platform) -> None:
    async with httpx.AsyncClient(base_url=platform.url, trust_env=False) as browser:
        address = f"/environments/{multi.environment_id}/pages?page=settings"
        assert (await browser.get(address)).status_code == 401
        await browser.get(platform.browser_link())
        assert address.replace("&", "&amp;") in (await browser.get(f"/environments/{multi.environment_id}")).text
        led = await browser.get(address)
        assert led.status_code == 303
        assert led.headers["location"].startswith("http://portal.srvc-")
        assert (await browser.get(address + "x")).status_code == 404
