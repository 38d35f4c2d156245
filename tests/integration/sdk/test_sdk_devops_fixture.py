"""The fixtures devops and devops_clock, as tests of an author use them: the real platform, the real runner."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connect_eaas.runner.errors import ExtensionError
from connect_eaas.testing.devops import START, DevOps, DevOpsError

if TYPE_CHECKING:
    from connect_devops.clock import ManualClock

FILES = {
    "pyproject.toml": """\
[project]
name = "whole"
version = "1"
license = "MIT"
dependencies = ["connect-extension-sdk"]

[project.entry-points."connect.eaas.ext"]
eventsapp = "whole_ext.events:Whole"
webapp = "whole_ext.web:Web"

[tool.connect]
extension-type = "multiaccount"
""",
    "whole_ext/__init__.py": "",
    "whole_ext/extension.json": """\
{"name": "Whole", "description": "d", "version": "1", "audience": ["vendor"],
 "readme_url": "https://example.com/r", "changelog_url": "https://example.com/c"}
""",
    "whole_ext/events.py": """\
from connect_eaas import BackgroundResponse, EventsApplicationBase, event, variables


@variables([{"name": "WORD", "initial_value": "first"}])
class Whole(EventsApplicationBase):
    @event("asset_purchase_request_processing", statuses=["pending"])
    def purchase(self, request):
        if request.get("note") == "later":
            return BackgroundResponse.reschedule(60)
        if request.get("note") == "break":
            raise RuntimeError("broken on purpose")
        self.client.requests[request["id"]].update(payload={"note": self.config["WORD"]})
        return BackgroundResponse.done()
""",
    "whole_ext/web.py": """\
from typing import Any

from connect_eaas import WebApplicationBase, router, web_app
from connect_eaas.web.inject.synchronous import get_installation
from fastapi import Depends


@web_app(router)
class Web(WebApplicationBase):
    @router.get("/size")
    def size(self, installation: dict[str, Any] = Depends(get_installation)) -> int:
        return installation["settings"]["size"]
""",
}
PURCHASE = "asset_purchase_request_processing"


@pytest.fixture
def devops_project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_the_whole_loop(devops: DevOps, devops_clock: ManualClock) -> None:
    devops.install({"size": 5})
    with devops.running():
        done = devops.run(PURCHASE)
        assert done["status"] == "succeeded"
        assert devops.call("GET", f"/requests/{done['object']['id']}")["note"] == "first"

        later = devops.run(PURCHASE, changes={"note": "later"})
        assert later["status"] == "rescheduled"
        devops.call("PUT", f"/requests/{later['object']['id']}", {"note": "now"})
        devops.advance(60)
        assert devops.wait(later["id"])["status"] == "succeeded"
        assert devops_clock.now() == START + timedelta(seconds=60)

        assert devops.web("GET", "/api/size").json() == 5
        assert "RuntimeError" not in devops.log
        assert devops.run(PURCHASE, changes={"note": "break"})["status"] == "retrying"
        assert "RuntimeError: broken on purpose" in devops.log

    assert "stopped (signal SIGTERM)" in devops.log


def test_what_goes_wrong_fails_the_test_and_says_why(devops: DevOps, devops_project: Path) -> None:
    with pytest.raises(DevOpsError, match="GET /requests/PR-0: 404"):
        devops.call("GET", "/requests/PR-0")
    with pytest.raises(DevOpsError, match="made 0 tasks"):
        devops.run("asset_cancel_request_processing")
    (devops_project / "whole_ext" / "events.py").write_text("1 / 0\n")
    with pytest.raises(DevOpsError, match="ZeroDivisionError"), devops.running():
        raise AssertionError("it cannot run")


def test_a_directory_without_an_extension_is_told(tmp_path: Path, devops_clock: ManualClock) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(ExtensionError, match=r"pyproject\.toml: declares no application"):
        DevOps(tmp_path, tmp_path / "devops", devops_clock)
