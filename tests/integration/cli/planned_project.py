"""A project with a schedulable method and a handler that has to be mended, on a platform in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from connect_cli_ext.devops.rest import connect
from connect_eaas.testing.devops import DevOps, manual_clock

NOON = datetime(2026, 5, 6, 12, tzinfo=timezone.utc)
"""A Wednesday."""
_EVENTS = """
import os
from pathlib import Path

from connect_eaas import BackgroundResponse, EventsApplicationBase, ScheduledExecutionResponse, event, schedulable


class Jobs(EventsApplicationBase):
    @schedulable("Refresh prices", "Reads them anew.")
    def refresh_prices(self, schedule):
        Path(os.environ["HEARD"]).write_text(schedule["parameter"].get("word", "nothing"))
        return ScheduledExecutionResponse.done()

    @schedulable("Tidy up", "Removes what is old.")
    def tidy_up(self, schedule):
        return ScheduledExecutionResponse.done()

    @event("asset_purchase_request_processing", statuses=["pending"])
    def purchase(self, request):
        if Path(os.environ["MENDED"]).exists():
            return BackgroundResponse.done()
        if request["note"] == "mark":
            self.client.requests[request["id"]].update({"note": "marked"})
            list(self.client.products.filter(name="none of ours"))
        if request["note"] in ("mark", "marked"):
            return BackgroundResponse.done()
        if request["note"] == "later":
            return BackgroundResponse.reschedule(60)
        if request["note"] == "no":
            return BackgroundResponse.fail("no")
        raise RuntimeError("not mended")
"""


class Planned:
    """The platform with ``ccli`` and the files that the project uses."""

    def __init__(self, devops: DevOps, ccli: Callable[..., Any], folder: Path) -> None:
        self.devops = devops
        self.heard = folder / "heard"
        self.mended = folder / "mended"
        self.ccli = ccli

    def json(self, *arguments: str) -> Any:
        """What a command prints with ``-o json``."""
        done = self.ccli("devops", *arguments, "-o", "json")
        assert done.status == 0, done.err
        return json.loads(done.out)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The project runs."""
        with self.devops.running(HEARD=str(self.heard), MENDED=str(self.mended)):
            yield

    def purchase(self, note: str, *statuses: str) -> str:
        """Make a request; returns its task when that has one of the statuses."""
        made = self.json("trigger", "asset_purchase_request_processing", "--set", f"note={note}")
        task_id = str(made["tasks"][0]["id"])
        return self.until(task_id, *statuses)

    def until(self, task_id: str, *statuses: str) -> str:
        """Wait until a task has one of the statuses."""
        path = f"/devops/services/{self.devops.extension_id}/environments/{self.devops.environment_id}"
        with connect() as client, client.events(f"{path}/stream") as events:
            for _ in range(50):
                if client.get(f"{path}/tasks/{task_id}")["status"] in statuses:
                    return task_id
                next(events)
        raise AssertionError(f"{task_id} did not become {' or '.join(statuses)}")


@contextmanager
def planned_platform(root: Path, ccli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Planned]:
    """The platform, on which the project is known and does not run yet."""
    project, folder = root / "jobs", root / "devops"
    package = project / "jobs_ext"
    package.mkdir(parents=True)
    folder.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "jobs"\nversion = "1.0.0"\n'
        '[project.entry-points."connect.eaas.ext"]\neventsapp = "jobs_ext.events:Jobs"\n'
    )
    (package / "__init__.py").touch()
    (package / "events.py").write_text(_EVENTS)
    descriptor = {"name": "Jobs", "description": "Jobs.", "version": "1.0.0"}
    links = dict.fromkeys(("readme_url", "changelog_url"), "https://example.org/")
    (package / "extension.json").write_text(json.dumps({**descriptor, **links}))
    monkeypatch.setenv("CONNECT_DEVOPS_DISCOVERY", str(folder / "discovery.json"))
    with DevOps(project, folder, manual_clock(NOON)) as devops:
        yield Planned(devops, ccli, root)
