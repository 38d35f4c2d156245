"""A log line as JSON: its task, its extra fields and its exception, and no secret in any of them."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from connect_eaas.runner.log_records import CURRENT_TASK, JsonFormatter, TaskIdentity
from connect_eaas.runner.log_secrecy import HidingFormatter


@pytest.fixture(autouse=True)
def nothing_hidden_afterwards() -> Iterator[None]:
    yield
    HidingFormatter.hide(())


def formatted(message: str, *arguments: object, error: BaseException | None = None, **extra: object) -> dict[str, Any]:
    record = logging.makeLogRecord({"name": "eaas.eventsapp", "levelname": "ERROR", "msg": message, **extra})
    record.args = arguments
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    line: dict[str, Any] = json.loads(JsonFormatter("background").format(record))
    return line


def test_line_names_the_task_that_runs() -> None:
    token = CURRENT_TASK.set(TaskIdentity("TQ-1", "asset_purchase_request_processing", "PR-1"))
    try:
        line = formatted("at %d", 5)
    finally:
        CURRENT_TASK.reset(token)

    assert (line["task_id"], line["event_type"], line["object_id"]) == (
        "TQ-1",
        "asset_purchase_request_processing",
        "PR-1",
    )
    assert (line["message"], line["level"], line["logger"], line["worker"]) == (
        "at 5",
        "ERROR",
        "eaas.eventsapp",
        "background",
    )


def test_extra_fields_are_kept_and_secrets_among_them_hidden() -> None:
    line = formatted("x", order={"id": "PR-1", "api_key": "abc-def"}, size=3, odd=sys)

    assert line["order"]["id"] == "PR-1"
    assert line["size"] == 3
    assert "abc-def" not in json.dumps(line)


def test_secrets_in_message_and_traceback_are_hidden_even_if_json_would_change_them() -> None:
    secret, key = 'pass"word\n1', "ApiKey SU-000-000-000:topsecret"
    HidingFormatter.hide([secret])
    try:
        raise ValueError(f"with {secret} and {key}")
    except ValueError as error:
        line = formatted(f"got {secret}", error=error)

    assert "word" not in line["message"]
    assert "ValueError" in line["exception"]
    assert 'pass"word' not in line["exception"]
    assert "topsecret" not in line["exception"]
    assert "SU-000-000-000" in line["exception"]
