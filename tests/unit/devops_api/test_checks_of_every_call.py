"""What every call passes, whatever it calls."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connect_devops.api.errors import answer_http_exception
from connect_devops.api.middleware import Authentication, BodyLimit, CommonHeaders, ErrorShield, HostGuard
from connect_devops.domain.account import Account, Identity
from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.rql import RqlError
from connect_devops.services.interactive import NoAnswerError, NotConnectedError

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc)
OWNER = Identity(Account("VA-000-001", "Vendor", "vendor"), "SU-1", "key")
ERRORS: dict[str, Exception] = {
    "missing": NotFoundError("task", "TQ-1"),
    "field": ValidationError([("name", "Too long."), ("value", "Empty.")]),
    "rule": RuleError("Not now."),
    "rql": RqlError("unknown", property="color"),
    "absent": NotConnectedError("ENV-1"),
    "late": NoAnswerError("validation", 1.0),
    "bug": RuntimeError("secret detail"),
}


async def echo(request: Request) -> Response:
    return JSONResponse({"size": len(await request.body()), "who": request.state.identity.account.id})


async def fail(request: Request) -> Response:
    raise ERRORS[request.path_params["which"]]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(
        routes=[
            Route("/public/v1/echo", echo, methods=["GET", "POST"]),
            Route("/public/v1/fail/{which}", fail),
        ],
        middleware=[
            Middleware(CommonHeaders, now=lambda: NOW),
            Middleware(ErrorShield),
            Middleware(HostGuard, names=["devbox.example"]),
            Middleware(BodyLimit, max_bytes=100),
            Middleware(Authentication, authenticate=lambda header: OWNER if header == "ApiKey good" else None),
        ],
        exception_handlers={HTTPException: answer_http_exception},
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://localhost:8088", headers={"Authorization": "ApiKey good"}
    ) as http:
        yield http


def error_of(answer: httpx.Response) -> tuple[int, str, list[str]]:
    body: dict[str, Any] = answer.json()
    assert set(body) == {"error_code", "errors"}
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["connect-version"] == "37.0.0"
    return answer.status_code, body["error_code"], body["errors"]


async def test_every_answer_has_version_and_the_platforms_time(client: httpx.AsyncClient) -> None:
    answer = await client.get("/public/v1/echo")
    assert answer.json() == {"size": 0, "who": "VA-000-001"}
    assert answer.headers["connect-version"] == "37.0.0"
    assert answer.headers["date"] == "Wed, 04 Mar 2026 05:06:07 GMT"


@pytest.mark.parametrize(
    ("which", "status", "code", "errors"),
    [
        ("missing", 404, "NFND_001", ["There is no task TQ-1."]),
        ("field", 400, "VAL_001", ["name: Too long.", "value: Empty."]),
        ("rule", 400, "VAL_001", ["Not now."]),
        ("rql", 400, "VAL_001", ["color: unknown"]),
        ("absent", 502, "EXT_001", ["No runner of ENV-1 is connected."]),
        ("late", 504, "EXT_002", ["validation was not answered within 1 s."]),
    ],
)
async def test_errors_of_the_services_have_their_status(
    client: httpx.AsyncClient, which: str, status: int, code: str, errors: list[str]
) -> None:
    assert error_of(await client.get(f"/public/v1/fail/{which}")) == (status, code, errors)


async def test_an_unexpected_error_shows_a_reference_and_nothing_else(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    status, code, errors = error_of(await client.get("/public/v1/fail/bug"))
    assert (status, code) == (500, "SYS_001")
    assert "secret detail" not in json.dumps(errors)
    reference = errors[0].split()[-1].rstrip(".")
    assert reference in caplog.text


async def test_unknown_path_and_method(client: httpx.AsyncClient) -> None:
    assert error_of(await client.get("/public/v1/nothing"))[:2] == (404, "NFND_001")
    assert error_of(await client.delete("/public/v1/echo"))[:2] == (405, "NFND_002")


@pytest.mark.parametrize("header", [None, "", "ApiKey bad", "good"])
async def test_without_a_good_key_nothing_is_told(client: httpx.AsyncClient, header: str | None) -> None:
    client.headers.pop("authorization")
    headers = {} if header is None else {"Authorization": header}
    assert error_of(await client.get("/public/v1/nothing", headers=headers))[:2] == (401, "AUTH_001")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]:9", "127.8.8.8", "DEVBOX.example", "localhost:1"])
async def test_names_of_this_machine_are_welcome(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/public/v1/echo", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:8088", "[::"])
async def test_a_rebound_name_is_refused(client: httpx.AsyncClient, host: str) -> None:
    assert error_of(await client.get("/public/v1/echo", headers={"Host": host}))[:2] == (403, "AUTH_003")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "file://"])
async def test_a_foreign_page_is_refused(client: httpx.AsyncClient, origin: str) -> None:
    assert error_of(await client.get("/public/v1/echo", headers={"Origin": origin}))[:2] == (403, "AUTH_003")


async def test_our_own_page_is_not_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/public/v1/echo", headers={"Origin": "https://localhost:8089"})
    assert answer.status_code == 200


async def test_a_body_above_the_limit_is_refused_announced_or_not(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 10

    assert (await client.post("/public/v1/echo", content=b"x" * 100)).json()["size"] == 100
    assert error_of(await client.post("/public/v1/echo", content=b"x" * 101))[0] == 413
    assert error_of(await client.post("/public/v1/echo", content=pieces()))[0] == 413
