"""Tracebacks in `dev`: the author's frames, and the API client's as one line."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pytest

from connect_eaas.runner.folded_traces import FoldingFormatter, folded


def frame(path: str, name: str) -> str:
    return f'  File "{path}", line 7, in {name}\n    {name}()\n    ~~~~^^\n'


HEAD = "Traceback (most recent call last):\n"
SITE = "/x/.venv/lib/python3.11/site-packages"
OWN = frame("/x/my_extension/events.py", "approve")
CLIENT = frame(f"{SITE}/connect/client/fluent.py", "get") + frame(f"{SITE}/connect/client/mixins.py", "_execute")


def test_frames_of_the_client_and_what_is_below_it_are_one_line() -> None:
    below = frame(f"{SITE}/requests/sessions.py", "send") + "  [Previous line repeated 3 more times]\n"
    text = f"{HEAD}{OWN}{CLIENT}{below}ClientError: 400 Bad Request\nmore"

    assert folded(text) == f"{HEAD}{OWN}  … 3 frames of connect.client\nClientError: 400 Bad Request\nmore"


def test_each_trace_of_a_chain_is_folded_and_own_frames_between_stay() -> None:
    between = "\nDuring handling of the above exception, another exception occurred:\n\n"
    text = f"TQ-1: the handler raised\n{HEAD}{CLIENT}{OWN}{CLIENT}A{between}{HEAD}{OWN}{CLIENT}B"

    fold = "  … 2 frames of connect.client\n"
    assert folded(text) == f"TQ-1: the handler raised\n{HEAD}{fold}{OWN}{fold}A{between}{HEAD}{OWN}{fold}B"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}{OWN}ValueError: no",
        f"{HEAD}{OWN}" + frame(f"{SITE}/connect/client/fluent.py", "get") + "one frame is no longer than its fold",
        f"{HEAD}" + frame("/x/connect/client/mine.py", "a") + frame("/x/requests/mine.py", "b") + "not installed",
        CLIENT + "no traceback",
    ],
)
def test_what_is_the_authors_own_stays_as_it_is(text: str) -> None:
    assert folded(text) == text


def test_real_client_error_ends_with_the_author_and_the_cause(monkeypatch: Any) -> None:
    from connect.client import ClientError, ConnectClient

    client = ConnectClient("ApiKey SU-1:x", endpoint="http://127.0.0.1:1/public/v1", use_specs=False, max_retries=0)
    try:
        client.requests["PR-1"].get()
    except (ClientError, OSError):
        text = traceback.format_exc()
    record = logging.LogRecord("eaas", logging.ERROR, "", 0, "it raised\n%s", (text,), None)
    shown = FoldingFormatter("%(message)s").format(record)

    assert "frames of connect.client" in shown
    assert "site-packages" not in shown
    assert __file__ in shown
    assert shown.rstrip().splitlines()[-1] == text.rstrip().splitlines()[-1]
