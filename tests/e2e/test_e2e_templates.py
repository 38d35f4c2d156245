"""A freshly rendered project of each type on the real platform: one event of every kind that it declares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from loop import Loop, bare_environment, ccli

from connect_eaas.events import CATALOGUE, ExtensionType

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def background_of(extension_type: ExtensionType) -> list[str]:
    """The background events that a project of this type can be asked for."""
    return [
        event.type
        for event in CATALOGUE.values()
        if event.category == "background" and extension_type in event.extension_types
    ]


def rendered(root: Path, extension_type: ExtensionType, applications: str, **answers: str) -> Path:
    """A project as an author gets it who answers the questions of ``ccli`` so."""
    chosen = {
        "project_name": "Whole Loop",
        "extension_type": extension_type,
        "application_types": applications,
        "background": ",".join(background_of(extension_type)),
        **answers,
    }
    pairs = [part for name, value in chosen.items() for part in ("--answer", f"{name}={value}")]
    root = root / "made"
    root.mkdir()
    arguments = ("project", "extension", "bootstrap", "--defaults", "--output-dir", str(root), *pairs)
    done = ccli(*arguments, environ=bare_environment(root))
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "whole_loop"


def happen(loop: Loop, events: Iterable[str], **changes: Any) -> dict[str, dict[str, Any]]:
    """Make one object for each event, let all tasks come to their end; returns the objects."""
    made: dict[str, dict[str, Any]] = {}
    for event in events:
        answer = loop.trigger(event, **changes)
        assert answer["tasks"], (event, answer["notes"])
        made[event] = answer["object"]
    loop.settle()
    return made


def outcomes(loop: Loop) -> dict[str, set[str]]:
    """How the tasks of each event ended."""
    found: dict[str, set[str]] = {}
    for task in loop.tasks():
        found.setdefault(task["object"]["type"], set()).add(task["status"])
    return found


def run_schedule(loop: Loop) -> None:
    """Make a schedule of the example method, and let its time come."""
    when = (datetime.fromisoformat(loop.now()) + timedelta(hours=1)).isoformat()
    trigger = {"type": "onetime", "date": when}
    body = {"name": "Count", "method": "execute_scheduled_processing", "parameter": {}, "trigger": trigger}
    schedule = loop.client.post(f"{loop.path}/schedules", body)["id"]
    loop.client.post("/devops/local/clock", {"advance": "next"})
    loop.settle()
    (done,) = [task for task in loop.tasks() if task["object"]["id"] == schedule]
    assert done["status"] == "succeeded", done


def install(loop: Loop) -> str:
    """Install the extension for the account of this machine; returns the installation's id."""
    installed = ccli("devops", "install", str(loop.project), "-o", "json", environ=loop.environ)
    assert installed.returncode == 0, installed.stderr
    loop.settle()
    return str(json.loads(installed.stdout)["id"])


def test_a_fulfillment_project_handles_its_events(tmp_path: Path, make_loop: Callable[..., Loop]) -> None:
    interactive = [event.type for event in CATALOGUE.values() if event.category == "interactive"]
    project = rendered(tmp_path, "products", "events,anvil", interactive=",".join(interactive))
    loop = make_loop(project)
    loop.start_runner()
    made = happen(loop, background_of("products"))
    assert all(found == {"succeeded"} for found in outcomes(loop).values()), outcomes(loop)
    for event in ("asset_purchase_request_processing", "tier_config_setup_request_processing"):
        collection = "requests" if event.startswith("asset") else "tier/config-requests"
        assert loop.client.get(f"/{collection}/{made[event]['id']}")["status"] == "approved"
    for event in interactive:
        if event.endswith("_validation"):
            kind = event.removesuffix("_request_validation")
            collection = "requests" if kind.startswith("asset") else "tier/config-requests"
            draft = loop.trigger(event)["object"]
            answer = loop.client.post(f"/{collection}/{draft['id']}/validate", draft)
            assert answer["id"] == draft["id"], event
    for event in interactive:
        body = {"event_type": event, "execute": True}
        answer = loop.client.post("/devops/local/trigger", body)
        assert [task["status"] for task in answer["tasks"]] == ["succeeded"], answer
    link = loop.trigger("product_action_execution")["link"]
    assert loop.client.send("GET", link).status_code == 302
    run_schedule(loop)


def test_a_hub_project_handles_its_events(tmp_path: Path) -> None:
    loop = Loop(tmp_path, rendered(tmp_path, "hub", "events,anvil,webapp"))
    loop.environ["CONNECT_DEVOPS_ROLE"] = "distributor"
    with loop:
        loop.start_runner()
        made = happen(loop, background_of("hub"))
        usage_file = made["usage_file_request_processing"]
        assert all(found == {"succeeded"} for found in outcomes(loop).values()), outcomes(loop)
        assert loop.client.get(f"/usage/files/{usage_file['id']}")["status"] == "accepted"
        chunk = made["part_usage_file_request_processing"]["id"]
        assert loop.client.get(f"/usage/chunks/{chunk}")["status"] == "closed"
        run_schedule(loop)


@pytest.mark.parametrize(
    ("extension_type", "applications"),
    [("multiaccount", "events,anvil,webapp"), ("transformations", "events,anvil,webapp,tfnapp")],
)
def test_a_project_for_accounts_handles_their_events(
    tmp_path: Path, make_loop: Callable[..., Loop], extension_type: ExtensionType, applications: str
) -> None:
    loop = make_loop(rendered(tmp_path, extension_type, applications, use_asyncio="y"))
    loop.start_runner()
    installation = install(loop)
    assert loop.client.get(f"/devops/installations/{installation}")["settings"] == {"marketplaces": []}
    events = background_of(extension_type)
    made = happen(loop, [event for event in events if event != "installation_status_change"])
    assert all(found == {"succeeded"} for found in outcomes(loop).values()), outcomes(loop)
    assert set(outcomes(loop)) == set(events)
    request = made["asset_purchase_request_processing"]["id"]
    texts = [message["text"] for message in loop.client.get(f"/conversations/{request}/messages")]
    assert texts == ["This purchase request is pending."]
    run_schedule(loop)
