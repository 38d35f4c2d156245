"""Tasks and their attempts, drawn for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from connect_cli_ext.output import sign

__all__ = ["STATUS_COLOURS", "attempt_rows", "call_rows", "one_line", "short_time", "task_lines", "task_row"]

STATUS_COLOURS: Mapping[str, str] = {
    "succeeded": "green",
    "skipped": "cyan",
    "failed": "red",
    "retrying": "yellow",
    "rescheduled": "yellow",
    "processing": "blue",
    "scheduled": "white",
}
_LONGEST_MESSAGE = 110
_MOST_LINES = 12
_RETRIES = 10


def short_time(stamp: str | None) -> str:
    """Return the time of day of an ISO 8601 stamp, to the second."""
    return "" if not stamp else stamp.partition("T")[2][:8]


def task_row(task: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten a task of the API for a table."""
    return {
        "id": task["id"],
        "created": short_time(task["events"]["created"]["at"]),
        "environment": task["environment"]["id"],
        "event": task["object"]["type"],
        "object": task["object"]["id"],
        "status": task["status"],
        "retries": task.get("retry_count") or 0,
        "rescheduled": task.get("rescheduled_count") or 0,
        "output": one_line(task.get("output")),
    }


def task_lines(task: Mapping[str, Any]) -> str:
    """Tell what has just become of a task, for a terminal on which it happens among other lines.

    One line with time, status, event, object and task; of a task that comes again also when and for which time. What
    the handler said follows indented; of a traceback what was raised, as the runner's log has shown all of it.
    """
    status = task["status"]
    colour = STATUS_COLOURS.get(status)
    updated = task["events"].get("updated") or task["events"]["created"]
    parts = [
        click.style(short_time(updated["at"]), dim=True),
        click.style(f"{sign('◆', '*')} {status:<11}", fg=colour, bold=True),
        f"{task['object']['type']}  {task['object']['id']}",
        click.style(task["id"], dim=True),
    ]
    if status in ("retrying", "rescheduled") and task.get("due"):
        seconds = (datetime.fromisoformat(task["due"]) - datetime.fromisoformat(updated["at"])).total_seconds()
        again = f"again in {max(0.0, seconds):.0f} s"
        if status == "retrying":
            again += f" (retry {task.get('retry_count') or 0} of {_RETRIES})"
        parts.append(click.style(again, fg=colour))
    lines = ["  ".join(parts)]
    if status not in ("scheduled", "processing"):
        told = _told(task.get("output") or "")
        if len(told) > _MOST_LINES:
            told = [sign("…", "..."), *told[-_MOST_LINES:]]
        lines += [click.style(f"            {line}", fg=colour) for line in told]
    return "\n".join(lines)


def attempt_rows(attempts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Flatten the attempts of one task for a table."""
    return [
        {
            "number": attempt["number"],
            "started": _time(attempt, "leased"),
            "ended": _time(attempt, "ended"),
            "instance": attempt.get("instance") or "",
            "result": attempt.get("outcome") or sign("…", "..."),
            "next": short_time(attempt.get("next")),
            "runtime": f"{attempt['runtime']:.3f} s" if attempt.get("runtime") is not None else "",
            "message": one_line(attempt.get("message")),
        }
        for attempt in attempts
    ]


def call_rows(calls: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Flatten the API calls of a task's handler for a table."""
    return [
        {
            "attempt": call["attempt"],
            "at": short_time(call["at"]),
            "status": call["status"],
            "time": f"{call['duration'] * 1000:.0f} ms",
            "call": f"{call['method']} {call['path']}",
        }
        for call in calls
    ]


def _told(output: str) -> list[str]:
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    if lines and lines[0].startswith("Traceback"):
        return [one_line(output)]
    return lines


def _time(document: Mapping[str, Any], event: str) -> str:
    stamp: Mapping[str, str] = document["events"].get(event) or {}
    return short_time(stamp.get("at"))


def one_line(text: str | None) -> str:
    """The line that says most: the first one, and of what begins with a traceback the exception itself."""
    lines = [line for line in (text or "").splitlines() if line.strip()]
    line = lines[0].strip() if lines else ""
    if line.startswith("Traceback"):
        # Below the frames of the last one, which are indented: further lines of what it says may follow.
        last = max(number for number, one in enumerate(lines) if one.startswith("Traceback"))
        line = next((one for one in lines[last + 1 :] if not one.startswith(" ")), lines[-1]).strip()
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + sign("…", "~")
