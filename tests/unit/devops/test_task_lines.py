"""What `ccli devops dev` prints when something becomes of a task."""

from __future__ import annotations

from typing import Any

import click
import pytest

from connect_cli_ext.devops.timeline import task_lines, task_row


def task(status: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": "TQ-1",
        "status": status,
        "object": {"type": "asset_purchase_request_processing", "id": "PR-1"},
        "events": {"created": {"at": "2026-05-06T11:00:00+00:00"}, "updated": {"at": "2026-05-06T12:00:00+00:00"}},
        **fields,
    }


def lines(document: dict[str, Any]) -> list[str]:
    return click.unstyle(task_lines(document)).replace("*", "◆").splitlines()


def test_done_is_one_line() -> None:
    assert lines(task("succeeded", output=None)) == [
        "12:00:00  ◆ succeeded    asset_purchase_request_processing  PR-1  TQ-1"
    ]


def test_what_comes_again_says_when_and_why() -> None:
    first, *rest = lines(
        task("retrying", due="2026-05-06T12:00:30+00:00", retry_count=2, output="Not yet:\n\n  no seats")
    )
    assert first.endswith("again in 30 s (retry 2 of 10)")
    assert [line.strip() for line in rest] == ["Not yet:", "no seats"]
    assert all(line.startswith("            ") for line in rest)
    assert lines(task("rescheduled", due="2026-05-06T12:05:00+00:00"))[0].endswith("again in 300 s")


def test_a_traceback_is_not_shown_again_but_what_was_raised() -> None:
    output = 'Traceback (most recent call last):\n  File "a.py", line 1, in b\n    c()\nValueError: no\n'
    assert [line.strip() for line in lines(task("failed", output=output))[1:]] == ["ValueError: no"]


def test_long_outputs_keep_their_ends() -> None:
    told = lines(task("failed", output="\n".join(f"line {number}" for number in range(100))))
    assert len(told) == 14
    assert told[-1].strip() == "line 99"


def test_output_of_an_earlier_try_is_not_told_again() -> None:
    assert len(lines(task("processing", output="ValueError: no"))) == 1


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        (None, ""),
        ("rejected: no seats\nask the hub", "rejected: no seats"),
        (
            'Traceback (most recent call last):\n  File "a.py", line 1, in b\n    c()\nValueError: no\n',
            "ValueError: no",
        ),
        (
            'Traceback (most recent call last):\n  File "a.py", line 1, in b\n    c()\n'
            "pkg.ValidationError: 1 validation error for Settings\ncopies\n  Field required\n    For more see https://x.y",
            "pkg.ValidationError: 1 validation error for Settings",
        ),
        (
            "Traceback (most recent call last):\n  one\nKeyError\n\nTraceback …:\n  two\nLookupError: x",
            "LookupError: x",
        ),
        ("Traceback (most recent call last):\n  one\n  two", "two"),
    ],
)
def test_a_list_shows_the_line_that_says_most(output: str | None, shown: str) -> None:
    row = task_row({**task("failed", output=output), "environment": {"id": "ENV-1"}})
    assert row["output"] == shown
