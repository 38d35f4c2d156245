"""Redaction, request log and trace ids: no secret gets out, and traces stay whole."""

import json
import logging
import re
from datetime import timedelta

import httpx
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.redaction import HIDDEN, obfuscate_header, redact, redact_headers
from connect_eaas.request_log import BODIES_VARIABLE, RequestLogger
from connect_eaas.tracing import get_correlation_id


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("authorization", "ApiKey SU-1-2:verysecret", "ApiKey SU-1-2:" + "*" * 10),
        ("Authorization", "ApiKey SU-1-2:verysecret", "ApiKey SU-1-2:" + "*" * 10),
        ("authentication", "Bearer abc.def", "*" * 20),
        ("authorization", "ApiKey-without-colon", "*" * 20),
        ("cookie", 'a=b; api_key="0123456789"; c=d', 'a=b; api_key="01******89"; c=d'),
        ("set-cookie", 'api_key="abcd"', 'api_key="******"'),
        ("cookie", 'api_key="unterminated', 'api_key="un******ed'),
        ("X-Connect-Installation-Api-Key", "ApiKey SU-9:hidden", "ApiKey SU-9:" + "*" * 10),
        ("X-Connect-Config", '{"KEY": "hidden"}', "*" * 10),
        ("content-type", "application/json", "application/json"),
        ("authorization", None, ""),
    ],
)
def test_headers(key: str, value: str | None, shown: str) -> None:
    assert obfuscate_header(key, value) == shown


def test_headers_as_bytes_are_redacted_too() -> None:
    assert redact_headers({"Authorization": b"Bearer xyz", "Accept": None}) == {
        "Authorization": "*" * 20,
        "Accept": "",
    }


_SECRET_NAMES = ["api_key", "installation_api_key", "password", "accessToken", "X-Api-Key", "JWT_SECRET", "apikey"]


@given(st.text(min_size=12, alphabet="abcdefghij"), st.sampled_from(_SECRET_NAMES))
def test_secret_fields_are_hidden_at_any_depth(secret: str, name: str) -> None:
    body = {"items": [{"deep": {name: secret}}], "params": [{"type": "password", "value": secret}]}
    assert secret not in json.dumps(redact(body))


def test_what_is_no_secret_stays() -> None:
    body = {
        "id": "PR-1",
        "params": [{"id": "a", "value": "x"}, {"id": "b", "value": "y", "secure": True}],
        "api_key": None,
        "token": {"id": 7},
        "monkey": "banana",
    }
    assert redact(body) == {
        "id": "PR-1",
        "params": [{"id": "a", "value": "x"}, {"id": "b", "value": HIDDEN, "secure": True}],
        "api_key": None,
        "token": {"id": 7},
        "monkey": "banana",
    }


def test_request_log_hides_secrets(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BODIES_VARIABLE, "1")
    log = RequestLogger(logging.getLogger("calls"))
    with caplog.at_level(logging.DEBUG, "calls"):
        log.log_request(
            "post",
            "https://example.org/x?a=1",
            {
                "headers": {"Authorization": "ApiKey SU-1:verysecret"},
                "json": {"password": "verysecret", "id": "PR-1"},
                "params": {"limit": 1},
                "timeout": 3,
            },
        )
        log.log_response(
            httpx.Response(
                200, json={"installation_api_key": "verysecret"}, headers={"set-cookie": 'api_key="verysecret"'}
            )
        )
        log.log_response(
            httpx.Response(502, content=b"<html>", headers={"content-type": "application/json; charset=utf-8"})
        )
    request, response, broken = (record.getMessage() for record in caplog.records)
    assert "POST https://example.org/x?a=1&limit=1 {'timeout': 3}" in request
    assert "PR-1" in request
    assert "200 OK" in response
    assert "502 Bad Gateway" in broken
    assert "verysecret" not in caplog.text


def test_request_log_is_a_line_a_call(caplog: pytest.LogCaptureFixture) -> None:
    log = RequestLogger(logging.getLogger("calls"))
    url = "https://example.org/public/v1/requests?token=verysecret"
    answered = httpx.Response(200, json={"id": "PR-1"}, request=httpx.Request("GET", url))
    answered.elapsed = timedelta(milliseconds=12)
    plain = requests.Response()
    plain.status_code, plain._content, plain._content_consumed = 404, b"missing", True
    plain.elapsed = timedelta(seconds=1)
    plain.request = requests.Request("DELETE", url).prepare()
    with caplog.at_level(logging.DEBUG, "calls"):
        log.log_request("get", url, {"json": {"password": "verysecret"}})
        log.log_response(answered)
        log.log_response(plain)
        log.log_response(httpx.Response(204))
    assert [record.getMessage() for record in caplog.records] == [
        f"GET /public/v1/requests: 200, 12 ms, {len(answered.content)} bytes",
        "DELETE /public/v1/requests: 404, 1000 ms, 7 bytes",
        "204, streamed, 0 bytes",
    ]


def test_request_log_costs_nothing_when_off(caplog: pytest.LogCaptureFixture) -> None:
    class Unreadable:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} was read")

    with caplog.at_level(logging.INFO, "calls"):
        RequestLogger(logging.getLogger("calls")).log_response(Unreadable())
    assert caplog.records == []


@given(st.from_regex(r"[0-9a-f]{32}", fullmatch=True).filter(lambda text: set(text) != {"0"}))
def test_the_trace_id_is_kept_whole_and_the_span_is_new(trace_id: str) -> None:
    result = get_correlation_id(f"00-{trace_id}-0123456789abcdef-01")
    assert result is not None
    match = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01", result)
    assert match is not None
    assert match[1] == trace_id
    assert match[2] != "0123456789abcdef"


@pytest.mark.parametrize("value", [None, 7, "", "abc", f"00-{'0' * 32}-0123456789abcdef-01", "00-" + "a" * 31])
def test_what_is_no_trace_parent_gives_none(value: object) -> None:
    assert get_correlation_id(value) is None
