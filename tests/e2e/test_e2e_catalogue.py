"""Every event of the catalogue, triggered with the command that people use, and handled by a real runner."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from loop import FINAL, PROJECTS, Loop, ccli

from connect_cli_ext.main import run
from connect_eaas.events import CATALOGUE, EXTENSION_TYPES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PAIRS = [(type_, event.type) for event in CATALOGUE.values() for type_ in event.extension_types]
FIRST = dict(reversed(PAIRS))
APPLICATIONS = """\
webapp = "everything_ext.web:EverythingWeb"
tfnapp = "everything_ext.rows:EverythingRows"
"""


@pytest.fixture(scope="module")
def loop_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Loop]]:
    """A platform with a connected extension of a type, one for all events of the type."""
    loops: dict[str, Loop] = {}
    with ExitStack() as stack:

        def get(extension_type: str) -> Loop:
            if extension_type not in loops:
                root = tmp_path_factory.mktemp(extension_type)
                loop = Loop(root, project_of(extension_type, root), EVERYTHING_FOR=extension_type)
                if extension_type == "hub":
                    loop.environ["CONNECT_DEVOPS_ROLE"] = "distributor"
                loops[extension_type] = stack.enter_context(loop)
                loop.start_runner()
                if extension_type in ("multiaccount", "transformations"):
                    assert ccli("devops", "install", str(loop.project), environ=loop.environ).returncode == 0
            return loops[extension_type]

        yield get


def project_of(extension_type: str, root: Path) -> Path:
    project = Path(shutil.copytree(PROJECTS / "everything", root / "source" / "everything"))
    with (project / "pyproject.toml").open("a") as stream:
        if extension_type == "transformations":
            stream.write(APPLICATIONS)
        stream.write(f'\n[tool.connect]\nextension-type = "{extension_type}"\n')
    return project


@pytest.mark.parametrize(("extension_type", "event_type"), PAIRS)
def test_every_event_can_be_triggered_and_is_handled(
    loop_of: Callable[[str], Loop],
    extension_type: str,
    event_type: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    loop = loop_of(extension_type)
    command = ["devops", "trigger", event_type, "-o", "json"]
    if event_type == FIRST[extension_type]:
        done = ccli(*command, environ=loop.environ)
        status, out, err = done.returncode, done.stdout, done.stderr
    else:
        # To start a process for each would only take longer.
        for name in os.environ:
            monkeypatch.delenv(name)
        for name, value in loop.environ.items():
            monkeypatch.setenv(name, value)
        status = run(command)
        out, err = capsys.readouterr()
    assert status == 0, err
    answer = json.loads(out)
    if "link" in answer:
        opened = loop.client.send("GET", answer["link"])
        assert (opened.status_code, opened.text) == (200, answer["answer"]["body"]) == (200, "seen")
    assert answer["tasks"], answer["notes"]
    # A new listing request is also any listing request.
    task = next(task for task in answer["tasks"] if task["event_type"] == event_type)
    ended = loop.until_status(task["id"], *FINAL)
    assert (ended["object"]["type"], ended["status"]) == (event_type, "succeeded"), ended.get("output")


def test_every_type_of_extension_is_tried() -> None:
    assert {type_ for type_, _ in PAIRS} == set(EXTENSION_TYPES)


@pytest.mark.parametrize("event_type", ["translation_change", "helpdesk_case_processing"])
def test_lists_show_what_was_triggered(loop_of: Callable[[str], Loop], event_type: str) -> None:
    loop = loop_of("multiaccount")
    made = loop.trigger(event_type)["object"]
    event = CATALOGUE[event_type]
    (found,) = loop.client.get(f"/{event.collection}?eq(id,{made['id']})&ordering(-events.created.at)")
    assert found == made == loop.client.get(f"/{event.collection}/{made['id']}")


def test_a_case_goes_its_way(loop_of: Callable[[str], Loop]) -> None:
    loop = loop_of("multiaccount")
    case = f"/helpdesk/cases/{loop.trigger('helpdesk_case_processing')['object']['id']}"
    states = [loop.client.post(f"{case}/{action}", {})["state"] for action in ("inquire", "pend", "resolve")]
    assert states == ["inquiring", "pending", "resolved"]
    assert loop.client.send("POST", f"{case}/close", json={"rating": 9}).status_code == 400
    closed = loop.client.post(f"{case}/close", {"rating": 4, "feedback": "Well done."})
    assert (closed["state"], closed["rating"], closed["feedback"]) == ("closed", 4, "Well done.")
    refused = loop.client.send("POST", f"{case}/pend")
    assert (refused.status_code, "'pend' is possible" in refused.text) == (400, True)


def test_an_installation_ends_and_comes_back_by_triggers(loop_of: Callable[[str], Loop]) -> None:
    loop = loop_of("multiaccount")
    event = "installation_status_change"
    changes = [
        loop.client.post("/devops/local/trigger", {"event_type": event, "status": status})["object"]
        for status in ("installed", "uninstalled", "uninstalled", "installed")
    ]
    assert [change["status"] for change in changes] == ["installed", "uninstalled", "uninstalled", "installed"]
    assert changes[0]["id"] == changes[1]["id"] == changes[2]["id"] != changes[3]["id"]
    loop.settle()
    for body, problem in (
        ({"status": "gone"}, "'gone' is no status"),
        ({"set": {"owner.id": "VA-1"}}, "only its status"),
        ({"payload": {"id": "EIN-1"}}, "takes none in"),
    ):
        answer = loop.client.send("POST", "/devops/local/trigger", json={"event_type": event, **body})
        assert (answer.status_code, problem in answer.text) == (400, True), answer.text


def test_a_schedulable_method_is_run_by_a_trigger(loop_of: Callable[[str], Loop]) -> None:
    loop = loop_of("products")
    wanted = {"method": "count", "parameter": {"up_to": 3}}
    made = [loop.trigger("scheduled_execution", **wanted) for _ in range(2)]
    assert made[0]["object"] == made[1]["object"]
    assert made[0]["object"]["status"] == "disabled"
    loop.settle()
    for changes, problem in (({"method": "sing"}, "no schedulable 'sing'"), ({"name": "x"}, "set.name")):
        body = {"event_type": "scheduled_execution", "set": changes}
        answer = loop.client.send("POST", "/devops/local/trigger", json=body)
        assert (answer.status_code, problem in answer.text) == (400, True), answer.text
