"""What came of an event: of its object, of its tasks, and what an extension answered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connect_cli_ext.devops.rest import PlatformClient
from connect_cli_ext.errors import CommandError
from connect_cli_ext.output import sign
from connect_eaas.events import CATALOGUE

__all__ = [
    "Waiting",
    "answer_lines",
    "became",
    "change_lines",
    "found_wrong",
    "object_now",
    "object_of_task",
    "status_before",
]

_UNDER_WAY = ("scheduled", "processing")
_SHOWN_HEADERS = ("location", "content-type")
_LONGEST_BODY = 300
_LONGEST_VALUE = 60
_MOST_CHANGES = 12
_PATIENCE_S = 130.0
"""A handler has 120 seconds by default."""


def object_now(client: PlatformClient, event_type: str, object_id: str) -> dict[str, Any] | None:
    """Return ``id`` and ``status`` of the object of an event as it is now; None if it has no address or status."""
    event = CATALOGUE.get(event_type)
    collection = event.collection if event is not None else None
    if event is None:
        return None
    if collection is None and event_type.endswith("_validation"):
        collection = "requests" if event_type.startswith("asset_") else "tier/config-requests"
    if collection is None or not object_id:
        return None
    response = client.send("GET", f"/{collection}/{quote(object_id, safe='')}")
    if response.status_code != 200:
        return None
    status = response.json().get(event.status_field)
    return {"id": object_id, "status": status} if isinstance(status, str) else None


def object_of_task(client: PlatformClient, path: str) -> dict[str, Any] | None:
    """Return ``was``, ``now`` and ``changes`` of a task's object; None if the platform kept none.

    Args:
        client: of the platform.
        path: of the task.
    """
    response = client.send("GET", f"{path}/object")
    return response.json() if response.status_code == 200 else None


def status_before(subject: Mapping[str, Any], changed: Mapping[str, Any] | None) -> str | None:
    """Return the status that an object had when its task was made; None if that is not known."""
    if changed is None:
        return None
    was = changed["was"]
    found = next((was[name] for name in ("status", "state") if isinstance(was.get(name), str)), None)
    return None if found is None or was.get("id") != subject["id"] else str(found)


def change_lines(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for each field that differs; the status, which is told anyway, is left out."""
    told = [change for change in changes if change["path"] not in ("status", "state")]
    lines = [
        f"{change['path']}: {_brief(change['was'])} {sign('→', '->')} {_brief(change['now'])}"
        for change in told[:_MOST_CHANGES]
    ]
    if len(told) > _MOST_CHANGES:
        lines.append(f"{sign('…', '...')} and {len(told) - _MOST_CHANGES} more, see them with -o json")
    return lines


def became(subject: Mapping[str, Any], before: str | None = None) -> str:
    """Say what status an object has now; ``before`` is the one that it had, None if that is not known."""
    status = subject["status"]
    if before is None:
        return f"{subject['id']} is {status} now"
    if before == status:
        return f"{subject['id']}: still {status}"
    return f"{subject['id']}: {before} {sign('→', '->')} {status}"


def found_wrong(request: Mapping[str, Any]) -> list[str]:
    """Return a line for each parameter of a validated request that its handler marked as wrong."""
    lines = [
        f"{param.get('id')}: {error if isinstance(error, str) else json.dumps(error, ensure_ascii=False)}"
        for param in _params(request)
        for error in (param.get("value_error"), param.get("structured_error"))
        if error
    ]
    return lines or ["no parameter is marked as wrong"]


def _params(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    places: Sequence[Any] = (document.get("params"), (document.get("asset") or {}).get("params"))
    for place in places:
        if isinstance(place, list):
            yield from (param for param in place if isinstance(param, dict))


def answer_lines(answer: Any) -> list[str]:
    """Tell an HTTP answer of an extension in short: status, the headers of note, the beginning of the body."""
    if not isinstance(answer, dict) or "http_status" not in answer:
        return [f"answer {_short(answer)}"]
    lines = [f"answer HTTP {answer['http_status']}"]
    headers = answer.get("headers")
    if isinstance(headers, dict):
        lines += [f"  {name}: {value}" for name, value in headers.items() if str(name).lower() in _SHOWN_HEADERS]
    if answer.get("body") is not None:
        lines.append(f"  {_short(answer['body'])}")
    return lines


def _brief(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False), _LONGEST_VALUE)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _cut(" ".join(text.split()), _LONGEST_BODY)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + sign("…", "~")


class Waiting:
    """Waits for tasks of one platform, without polling.

    Args:
        client: of the platform.
        now: seconds of a clock that only goes forward.
    """

    def __init__(self, client: PlatformClient, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._now = now
        self._paths: dict[str, str] = {
            environment["id"]: f"/devops/services/{extension['id']}/environments/{environment['id']}"
            for extension in client.get("/devops/local/info")["extensions"]
            for environment in extension["environments"]
        }

    def until_done(self, tasks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Wait until each task has ended or was put off; returns them as they are then.

        Raises:
            CommandError: one is not done for more than two minutes.
            RemoteError: the platform refused, or went away.
        """
        deadline = self._now() + _PATIENCE_S
        return [self._until_done(str(task["id"]), str(task["environment"]["id"]), deadline) for task in tasks]

    def _until_done(self, task_id: str, environment_id: str, deadline: float) -> dict[str, Any]:
        path = self._paths[environment_id]
        with self._client.events(f"{path}/stream") as events:
            # The stream is open before the first look, so that no change is missed between them.
            while True:
                task: dict[str, Any] = self._client.get(f"{path}/tasks/{task_id}")
                if task["status"] not in _UNDER_WAY:
                    return task
                if self._now() >= deadline:
                    raise CommandError(
                        f"{task_id} is {task['status']} after {_PATIENCE_S:.0f} s. Does a runner of {environment_id} "
                        f"run (ccli devops dev)? See later: ccli devops task {task_id}"
                    )
                next(events)
