"""The ASGI application: what is served where, to whom, and what its schema tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from connect_eaas import DeclarationError, WebApplicationBase
from connect_eaas.web.application import build_app
from connect_eaas.web.routing import split


@pytest.fixture
async def client(sample: type[WebApplicationBase]) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=build_app(sample), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_open_endpoints_are_served_twice_and_not_under_api(client: httpx.AsyncClient) -> None:
    statuses = {
        path: (await client.get(path)).status_code
        for path in ("/api/open", "/guest/open", "/unauthorized/open", "/api/context", "/guest/context")
    }
    assert statuses == {
        "/api/open": 404,
        "/guest/open": 200,
        "/unauthorized/open": 200,
        "/api/context": 200,
        "/guest/context": 404,
    }


async def test_included_routers_are_split_and_keep_prefix_and_dependencies(client: httpx.AsyncClient) -> None:
    admin = {"X-Connect-Call-Type": "admin"}
    assert (await client.get("/api/nested/closed")).json() == "closed"
    assert (await client.get("/guest/nested/open")).json() == "open"
    assert (await client.get("/guest/nested/closed")).status_code == 404
    assert (await client.get("/api/nested/open")).status_code == 404
    assert (await client.get("/api/admins/closed", headers=admin)).json() == "closed"
    assert (await client.get("/api/admins/closed")).status_code == 403
    assert (await client.get("/guest/admins/open")).status_code == 403
    assert (await client.get("/guest/admins/closed", headers=admin)).status_code == 404


async def test_middlewares_of_all_three_kinds_run(client: httpx.AsyncClient) -> None:
    answer = await client.get("/guest/open")
    assert answer.headers["x-middleware"] == "function"
    assert answer.headers.get_list("x-raw") == ["class", "tuple"]


@pytest.mark.parametrize("wrong", ["text", 5, (dict,), ("a", {}), (dict, [])])
def test_an_impossible_middleware_is_refused(sample: Any, wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "get_middlewares", classmethod(lambda cls: [wrong]))
    with pytest.raises(DeclarationError, match=r"SampleWeb\.get_middlewares: list functions, classes, or tuples"):
        build_app(sample)


def test_no_middlewares_may_be_none(sample: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "get_middlewares", classmethod(lambda cls: None))
    assert build_app(sample).user_middleware == []


def test_handlers_that_are_no_dict_are_refused(sample: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "get_exception_handlers", classmethod(lambda cls, handlers: None))
    with pytest.raises(DeclarationError, match="get_exception_handlers: return a dict"):
        build_app(sample)


@pytest.mark.parametrize(
    ("environment", "text"),
    [("development", "it broke"), ("test", "it broke"), ("production", "Internal Server Error")],
)
async def test_the_text_of_a_crash_is_for_developers(client: httpx.AsyncClient, environment: str, text: str) -> None:
    answer = await client.get("/api/crash", headers={"X-Connect-Environment-Type": environment})
    assert (answer.status_code, answer.text) == (500, text)


@pytest.mark.usefixtures("with_static")
async def test_static_files_are_served_and_nothing_beside_them(sample: Any, with_static: Path) -> None:
    (with_static.parent / "secret.txt").write_text("secret")
    transport = httpx.ASGITransport(app=build_app(sample))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/static/index.html")).text == "<p>page</p>"
        for path in ("/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/..%2fsecret.txt", "/static/"):
            assert (await client.get(path)).status_code == 404, path


async def test_the_schema_is_for_every_origin_and_tells_no_internal_headers(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi/spec.json", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    schema = answer.json()
    assert (schema["info"]["title"], schema["info"]["version"]) == ("Unnamed API", "0.0.0")
    names = [
        parameter["name"]
        for path in schema["paths"].values()
        for operation in path.values()
        for parameter in operation.get("parameters", ())
    ]
    assert sorted(set(names)) == ["installation_id", "q"]
    assert "/unauthorized/nested/open" in schema["paths"]
    preflight = await client.options(
        "/openapi/spec.json",
        headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"},
    )
    assert preflight.status_code == 200
    assert (
        "access-control-allow-origin"
        not in (await client.get("/guest/open", headers={"Origin": "https://elsewhere.example"})).headers
    )
    assert (await client.post("/openapi/spec.json")).status_code == 405


def test_the_split_shares_the_routes_and_leaves_the_router_alone() -> None:
    plain = APIRouter()

    @plain.get("/x")
    def x() -> None: ...

    before = list(plain.routes)
    closed, free = split(plain)
    assert closed.routes == before == plain.routes
    assert free.routes == []
