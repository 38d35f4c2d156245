"""Calls as frames carry them, and as the application sees them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.protocol import codec
from connect_eaas.protocol.messages import HttpRequest, SetupResponse, Variable, WebTask, WebTaskOptions
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.handlers.web_frames import InternalHeaders, answer, read_request
from connect_eaas.web.asgi import AsgiCall, Request, Response, TooLargeError, sanitized


def task(**request: Any) -> WebTask:
    options = WebTaskOptions(correlation_id="c", reply_to="r", api_key="ApiKey SU-1:secret", user_id="UR-1")
    return WebTask(options=options, request=HttpRequest(**{"method": "get", "url": "/api/x", **request}))


@given(
    st.lists(st.booleans(), min_size=19, max_size=19),
    st.lists(st.sampled_from("-_"), min_size=2, max_size=2),
    st.sampled_from(["", " ", "  "]),
)
def test_no_spelling_of_an_internal_header_gets_through(upper: list[bool], joints: list[str], space: str) -> None:
    plain = f"x{joints[0]}connect{joints[1]}account-id"
    spelled = "".join(letter.upper() if up else letter for letter, up in zip(plain, upper, strict=False))
    assert sanitized({spelled + space + plain[len(upper) :]: "VA-1", space + spelled: "VA-2", "X-Other": "1"}) == [
        (b"x-other", b"1")
    ]


@given(st.binary(max_size=1000))
def test_bodies_survive_and_lines_are_short(body: bytes) -> None:
    told = codec.decode(codec.encode(answer(task(), Response(200, [], body))))
    assert isinstance(told, WebTask)
    assert told.response is not None
    content = told.response.content
    assert (content is None) is (not body)
    if content is not None:
        assert content.endswith("\n")
        assert max(map(len, content.splitlines())) <= 76
        assert base64.b64decode(content) == body
    assert read_request(task(content=content), []).body == body


@given(st.lists(st.text("abc=; ", max_size=8), max_size=20))
def test_every_cookie_keeps_a_header_of_its_own(cookies: list[str]) -> None:
    headers = [(b"set-cookie", cookie.encode()) for cookie in cookies]
    told = answer(task(), Response(200, [*headers, (b"link", b"a"), (b"link", b"b")], b""))
    assert told.response is not None
    found = told.response.headers
    assert [value for name, value in found.items() if name.lower() == "set-cookie"] == cookies
    assert found["link"] == "a, b"


def test_the_answer_keeps_the_address_and_gives_no_key_away() -> None:
    told = answer(task(content="eA==", headers={"Cookie": "s3cret"}), Response(204, [], b""))
    assert (told.options.correlation_id, told.options.reply_to, told.options.api_key) == ("c", "r", None)
    assert told.request == HttpRequest(method="GET", url="/api/x")
    assert "secret" not in codec.encode(told)


@given(st.lists(st.booleans(), min_size=17, max_size=17))
def test_no_frame_brings_a_forged_header_to_the_application(upper: list[bool]) -> None:
    internal = InternalHeaders(Configuration("ENV-0000-0000-01"), api_url="https://api.example", agent="a").of(
        task().options
    )
    spelled = "".join(letter.upper() if up else letter for letter, up in zip("x-connect-user-id", upper, strict=True))
    forged = {spelled: "UR-forged", spelled.replace("-", "_"): "UR-forged", "X-Connect-Config": "forged", "X-Own": "1"}
    headers = read_request(task(headers=forged), internal).headers
    assert [value for name, value in headers if name.lower() == b"x-connect-user-id"] == [b"UR-1"]
    assert not [name for name, value in headers if b"forged" in value]
    assert (b"x-own", b"1") in headers


@pytest.mark.parametrize("wrong", [{"url": "api"}, {"url": "http://elsewhere/"}, {"content": "a"}])
def test_an_impossible_call_names_its_field(wrong: Mapping[str, str]) -> None:
    (field,) = wrong
    with pytest.raises(ValueError, match=rf"request\.{field}"):
        read_request(task(**wrong), [])


def test_internal_headers_follow_the_configuration() -> None:
    configuration = Configuration("ENV-0000-0000-01")
    internal = InternalHeaders(configuration, api_url="https://api.example/public/v1", agent="agent")
    before = dict(internal.of(task().options))
    assert before[b"x-connect-config"] == b"{}"
    assert b"x-connect-environment-type" not in before
    assert before[b"x-connect-installation-api-key"] == b"ApiKey SU-1:secret"
    configuration.apply(SetupResponse(environment_type="test", variables=[Variable(name="A", value="é")]))
    internal.refresh()
    after = dict(internal.of(WebTaskOptions(correlation_id="c", reply_to="r")))
    assert after[b"x-connect-config"] == b'{"A": "\\u00e9"}'
    assert after[b"x-connect-environment-type"] == b"test"
    assert not {b"x-connect-user-id", b"x-connect-installation-api-key"} & set(after)


async def call(app: Any, request: Request, **options: Any) -> list[Response]:
    answers: list[Response] = []
    await AsgiCall(app, request, answers.append, **{"max_body_bytes": 100, **options}).run()
    return answers


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_path_and_query_make_a_scope(path: str, query: str) -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    asyncio.run(call(app, Request("get", f"/{path}?{query}", [])))
    assert seen["path"].startswith("/")
    assert isinstance(seen["raw_path"], bytes)
    assert isinstance(seen["query_string"], bytes)
    assert dict(seen["headers"]) == {b"host": b"localhost"}


@pytest.mark.parametrize(
    ("headers", "scheme", "server", "host"),
    [
        ({}, "http", ("localhost", 80), b"localhost"),
        ({"Host": "a.example:81"}, "http", ("a.example", 81), b"a.example:81"),
        (
            {"Host": "a", "X-Forwarded-Host": "b.example", "X-Forwarded-Proto": "https"},
            "https",
            ("b.example", 443),
            b"b.example",
        ),
        ({"X-Forwarded-Host": "b, c", "X-Forwarded-Proto": "gopher"}, "http", ("b", 80), b"b"),
        ({"X-Forwarded-Host": "[::1"}, "http", ("localhost", 80), b"[::1"),
    ],
)
async def test_host_and_scheme_are_those_of_the_caller(
    headers: dict[str, str], scheme: str, server: tuple[str, int], host: bytes
) -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    await call(app, Request("GET", "/", sanitized(headers)))
    assert (seen["scheme"], seen["server"]) == (scheme, server)
    assert [value for name, value in seen["headers"] if name == b"host"] == [host]


async def test_the_application_is_told_when_nobody_waits() -> None:
    heard: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.append(await receive())
        asyncio.get_running_loop().call_soon(made.disconnect)
        heard.append((await receive())["type"])
        with pytest.raises(OSError, match="nobody waits"):
            await send({"type": "http.response.start", "status": 200})

    made = AsgiCall(app, Request("POST", "/", [], b"body"), heard.append, max_body_bytes=1)
    with pytest.raises(RuntimeError, match="without a complete response"):
        await made.run()
    assert heard == [{"type": "http.request", "body": b"body", "more_body": False}, "http.disconnect"]


async def test_a_response_that_is_too_large_or_out_of_order_is_an_error() -> None:
    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 30, "more_body": True})

    async def bodies_first(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.body", "body": b"x"})

    with pytest.raises(TooLargeError, match="100 bytes"):
        await call(endless, Request("GET", "/", []))
    with pytest.raises(RuntimeError, match="at a wrong moment"):
        await call(bodies_first, Request("GET", "/", []))
