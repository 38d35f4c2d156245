"""Real objects of the platform go through the whole loop, and reach the handler with every field they have."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from loop import Loop, ccli

from connect_eaas.declarations import Declarations
from connect_eaas.events import CATALOGUE

pytestmark = [pytest.mark.compat, pytest.mark.e2e]

# What is left out are the bodies of calls that make an object: no objects themselves.
PAYLOADS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "test_a_real_object_reaches_the_handler_whole": (
        (
            "request-*.json",
            "tier-config-request-*.json",
            "tier-account-request-*.json",
            "listing-request-*.json",
            "usage-file-*.json",
        ),
        ("request-create-*.json", "tier-*-request-create.json"),
    ),
    "test_a_real_draft_is_validated": (("request-*-draft.json",), ()),
    "test_a_real_descriptor_is_read": (("extension-descriptor-*.json",), ()),
}
PAYLOADS["test_a_sample_has_every_field_of_a_real_object"] = PAYLOADS["test_a_real_object_reaches_the_handler_whole"]
MAY_LACK: Mapping[str, str] = {
    r"\.assignee\.(id|name|email)": "a new request is assigned to nobody",
    r"\.template": "chosen with the first answer to the customer",
    r"\.(effective|planned)_date": "set by approval and by scheduling",
    r"\.asset\.connection\.hub\.(account|instance)_id": "fields of hubs that were set up long ago",
    r"\.asset\.params\[\]\.structured_value\..*": "the keys are the parameter's data",
    r"\.asset\.items\[\]\.params\[\]\.structured_value": "only of parameters with a structure",
    r"\.configuration\.open_request": "an approved request is open no more",
    r"\.events\.(inquired|accepted|closed|rejected|submitted)": "did not happen to a new object",
}
"""Paths that a sample need not have, and why."""


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """One platform and one runner for all files."""
    root = tmp_path_factory.mktemp("compat")
    (root / "kept").mkdir()
    project = Path(__file__).parent / "everything"
    with Loop(root, project, EVERYTHING_DIR=str(root / "kept")) as loop:
        loop.start_runner()
        yield loop


def event_of(file: Path, payload: Mapping[str, Any]) -> str:
    """The background event that concerns an object."""
    kind = str(payload.get("type") or "")
    if file.name.startswith("request-"):
        return f"asset_{kind}_request_processing"
    if file.name.startswith("tier-config-request-"):
        return f"tier_config_{'change' if kind == 'update' else kind}_request_processing"
    if file.name.startswith("tier-account-request-"):
        return f"tier_account_{kind}_request_processing"
    if file.name.startswith("listing-request-"):
        return f"listing_{kind}_request_processing"
    return "usage_file_request_processing"


def differences(real: Any, got: Any, path: str = "") -> list[str]:
    """What of ``real`` is missing or different in ``got``, which may hold more."""
    if isinstance(real, dict):
        if not isinstance(got, dict):
            return [f"{path}: {got!r} instead of an object"]
        missing = [f"{path}.{key} is missing" for key in real if key not in got]
        return missing + [
            item for key, value in real.items() if key in got for item in differences(value, got[key], f"{path}.{key}")
        ]
    if isinstance(real, list):
        if not isinstance(got, list) or len(got) != len(real):
            return [f"{path}: {got!r} instead of {len(real)} elements"]
        return [
            item
            for number, pair in enumerate(zip(real, got, strict=True))
            for item in differences(*pair, f"{path}.{number}")
        ]
    if real != got and not (path == ".id" and str(real) == got):
        return [f"{path}: {got!r} instead of {real!r}"]
    return []


def kept(loop: Loop, event_type: str) -> Any:
    return json.loads((loop.root / "kept" / f"{event_type}.json").read_text())


def as_told(payload: dict[str, Any], event_type: str) -> dict[str, Any]:
    """The payload with its status in the letter case of the event's definition."""
    definition = CATALOGUE[event_type]
    status = payload[definition.status_field]
    return {**payload, definition.status_field: status if status in definition.statuses else status.lower()}


def test_a_real_object_reaches_the_handler_whole(everything: Loop, payload_file: Path) -> None:
    payload = json.loads(payload_file.read_text())
    event_type = event_of(payload_file, payload)
    body = {"event_type": event_type, "payload": payload}
    made = everything.client.post("/devops/local/trigger", body)
    (task,) = [task for task in made["tasks"] if task["event_type"] == event_type]
    assert everything.until_status(task["id"], "succeeded", "failed", "skipped")["status"] == "succeeded"
    assert differences(as_told(payload, event_type), kept(everything, event_type)) == []


def test_a_real_draft_is_validated(everything: Loop, payload_file: Path) -> None:
    payload = json.loads(payload_file.read_text())
    event_type = f"asset_{payload['type']}_request_validation"
    made = everything.client.post("/devops/local/trigger", {"event_type": event_type, "payload": payload})
    assert made["tasks"][-1]["status"] == "succeeded"
    assert differences(payload, kept(everything, event_type)) == []
    assert differences(payload, made["object"]) == []


def test_the_command_takes_in_a_real_file(everything: Loop, payloads: Path) -> None:
    file = payloads / "request-purchase-pending.json"
    event_type = "asset_purchase_request_processing"
    done = ccli(
        "devops", "trigger", event_type, "--payload", str(file), "--status", "inquiring", "-o", "json",
        environ=everything.environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    everything.until_status(made["tasks"][0]["id"], "succeeded")
    expected = {**json.loads(file.read_text()), "status": "inquiring"}
    assert differences(expected, kept(everything, event_type)) == []


def test_real_events_of_waiting_callers_reach_the_handler(everything: Loop, payloads: Path) -> None:
    event = json.loads((payloads / "custom-event-request-minimal.json").read_text())
    body = {"event_type": "product_custom_event_processing", "payload": event.get("body")}
    made = everything.client.post("/devops/local/trigger", body)
    assert made["tasks"][-1]["status"] == "succeeded"
    got = kept(everything, "product_custom_event_processing")
    assert set(event) <= set(got)
    assert got["body"] == event.get("body")

    action = json.loads((payloads / "product-action-request-minimal.json").read_text())
    name = action["jwt_payload"]["action_id"]
    asset = everything.trigger("product_action_execution")["object"]
    actions = f"/products/{asset['product']['id']}/actions"
    known = everything.client.get(f"{actions}?eq(action,{name})")
    if not known:
        known = [everything.client.post(actions, {"action": name, "name": "Sign in", "scope": "asset"})]
    link = everything.client.get(f"{actions}/{known[0]['id']}/actionLink?asset_id={asset['id']}")["link"]
    assert everything.client.send("GET", link).status_code == 200
    got = kept(everything, "product_action_execution")
    assert set(action) <= set(got)
    assert action["jwt_payload"].items() <= got["jwt_payload"].items()


def paths(value: Any, path: str = "") -> set[str]:
    """The paths of all fields; the elements of a list count as one."""
    if isinstance(value, dict):
        return {path + "." + key for key in value} | {
            item for key, part in value.items() for item in paths(part, f"{path}.{key}")
        }
    if isinstance(value, list):
        return {item for part in value for item in paths(part, f"{path}[]")}
    return set()


def test_a_sample_has_every_field_of_a_real_object(everything: Loop, payload_file: Path) -> None:
    payload = json.loads(payload_file.read_text())
    event_type = event_of(payload_file, payload)
    status = as_told(payload, event_type)[CATALOGUE[event_type].status_field]
    made = everything.client.post("/devops/local/trigger", {"event_type": event_type, "status": status})
    lacking = paths(payload) - paths(made["object"])
    excused = {path for path in lacking if any(re.match(pattern + r"(\W|$)", path) for pattern in MAY_LACK)}
    assert lacking - excused == set()


def test_a_real_descriptor_is_read(payload_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    descriptor = json.loads(payload_file.read_text())
    methods = [CATALOGUE[event].legacy_method for event in descriptor.get("capabilities", {})]
    methods += [item["method"] for item in descriptor.get("schedulables", [])]
    package = tmp_path / "described"
    package.mkdir()
    shutil.copy(payload_file, package / "extension.json")
    lines = ["from connect.eaas.extension import Extension", "class Described(Extension):", "    pass"]
    lines += [f"    def {method}(self, request): ..." for method in methods]
    (package / "__init__.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        application = importlib.import_module("described").Described
        declarations = Declarations.of(application)
    finally:
        sys.modules.pop("described", None)
    assert declarations.descriptor.name == descriptor["name"]
    assert declarations.descriptor.audience == descriptor.get("audience")
    subscriptions = {name: list(statuses) for name, statuses in declarations.subscriptions.items()}
    assert subscriptions == descriptor.get("capabilities", {})
    assert [item.method for item in declarations.schedulables] == [
        item["method"] for item in descriptor.get("schedulables", [])
    ]
