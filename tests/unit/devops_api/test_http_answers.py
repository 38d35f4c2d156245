"""An extension's answer as an HTTP answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connect_devops.answers import http_answer
from connect_eaas.protocol.messages import TaskOutput


def output(data: Any, result: Any = "success", message: str | None = None) -> TaskOutput:
    return TaskOutput(result=result, data=data, message=message)


def test_object_becomes_json_with_status_and_headers() -> None:
    answer = http_answer(output({"http_status": 201, "headers": {"X-A": "b"}, "body": {"c": 1}}))
    assert answer.status_code == 201
    assert json.loads(bytes(answer.body)) == {"c": 1}
    assert answer.headers["x-a"] == "b"
    assert answer.headers["content-type"] == "application/json"


def test_text_goes_out_as_it_is_with_the_type_that_the_extension_chose() -> None:
    answer = http_answer(output({"http_status": 200, "headers": {"Content-Type": "text/html"}, "body": "<p>"}))
    assert bytes(answer.body) == b"<p>"
    assert answer.headers.getlist("content-type") == ["text/html"]


def test_redirect_has_its_location() -> None:
    answer = http_answer(output({"http_status": 302, "headers": {"Location": "https://example.com/"}, "body": None}))
    assert (answer.status_code, answer.headers["location"], bytes(answer.body)) == (302, "https://example.com/", b"")


def test_headers_of_the_connection_are_ours() -> None:
    answer = http_answer(
        output({"http_status": 200, "headers": {"Content-Length": "9", "Transfer-Encoding": "chunked"}, "body": "abc"})
    )
    assert answer.headers["content-length"] == "3"
    assert "transfer-encoding" not in answer.headers


def test_no_body_where_the_status_forbids_one() -> None:
    assert bytes(http_answer(output({"http_status": 204, "headers": None, "body": "text"})).body) == b""


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({"http_status": "200"}, "http_status"),
        ({"http_status": 99}, "http_status"),
        ({"http_status": True}, "http_status"),
        ({"http_status": 200, "headers": ["a"]}, "headers"),
        ({"http_status": 200, "headers": {"a\r\nb": "c"}}, "header"),
        ({"http_status": 200, "headers": {"a": "b\r\nSet-Cookie: c"}}, "header"),
        ({"http_status": 200, "headers": {"a": "\u20ac"}}, "header"),
        ({"http_status": 200, "body": [float("nan")]}, "body"),
        ({"http_status": 200, "body": ["\ud800"]}, "body"),
        ("text", "http_status"),
        (None, "http_status"),
    ],
)
def test_an_answer_that_cannot_be_sent_is_a_bad_gateway_that_says_why(data: Any, names: str) -> None:
    answer = http_answer(output(data))
    assert answer.status_code == 502
    assert names in json.loads(bytes(answer.body))["errors"][0]


def test_a_crash_is_answered_with_what_the_runner_says_about_it() -> None:
    answer = http_answer(output({"http_status": 400, "headers": None, "body": "Traceback"}, "fail", "Traceback"))
    assert (answer.status_code, bytes(answer.body)) == (400, b"Traceback")


def test_a_failure_without_an_answer_is_a_400_with_its_message() -> None:
    answer = http_answer(output(None, "fail", "no luck"))
    assert answer.status_code == 400
    assert json.loads(bytes(answer.body)) == {"error_code": "VAL_001", "errors": ["no luck"]}
