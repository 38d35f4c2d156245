"""``ccli devops trigger`` as an author uses it: in the folder of a fresh project whose runner is connected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loop import Loop, bare_environment, ccli

from connect_cli_ext.devops.project import load_project, register
from connect_eaas.events import CATALOGUE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PURCHASE = "asset_purchase_request_processing"
CHECK = "asset_purchase_request_validation"
CUSTOM = "product_custom_event_processing"
ACTION = "product_action_execution"


def rendered(root: Path, name: str) -> Path:
    interactive = ",".join(event.type for event in CATALOGUE.values() if event.category == "interactive")
    answers = {
        "project_name": name,
        "extension_type": "products",
        "application_types": "events",
        "background": PURCHASE,
        "interactive": interactive,
    }
    chosen = [part for item in answers.items() for part in ("--answer", "=".join(item))]
    done = ccli(
        *("project", "extension", "bootstrap", "--defaults", "--output-dir", str(root), *chosen),
        environ=bare_environment(root),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return root / name.lower().replace(" ", "_")


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """A platform with two projects; the runner is the first one's."""
    root = tmp_path_factory.mktemp("triggers")
    made = root / "made"
    made.mkdir()
    first, second = rendered(made, "First One"), rendered(made, "Second One")
    with Loop(root, first) as running:
        running.start_runner()
        register(running.client, load_project(second))
        yield running


def say(loop: Loop, *arguments: str, cwd: Path | None = None) -> str:
    done = ccli("devops", *arguments, environ=loop.environ, cwd=cwd or loop.project)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def trigger(loop: Loop, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(say(loop, "trigger", *arguments, "-o", "json"))
    return answer


def test_a_task_and_what_became_of_its_object_are_told(loop: Loop) -> None:
    told = say(loop, "trigger", PURCHASE, "--wait", "--set", "asset.params.seats.value=3")
    assert f"for {loop.stage.extension_id}, the project of this folder" in told
    assert "succeeded" in told
    assert ": pending → approved" in told
    assert "asset.params had no parameter 'seats'" in told
    task_id = told.partition("  task ")[2].split()[0]
    request = told.split()[0]
    shown = say(loop, "task", task_id)
    assert f"{request}: pending → approved" in shown
    assert f"POST /requests/{request}/approve" in shown
    params = loop.client.get(f"/requests/{request}")["asset"]["params"]
    assert {one["id"]: one["value"] for one in params}["seats"] == "3"


def test_what_a_validation_found_wrong_is_told(loop: Loop) -> None:
    told = say(loop, "trigger", CHECK, "--set", "asset.params.admin_email.value=nobody")
    assert "admin_email: This is not an e-mail address." in told
    assert "no parameter is marked as wrong" in say(loop, "trigger", CHECK)


def test_a_product_action_is_executed(loop: Loop) -> None:
    told = say(loop, "trigger", ACTION, "--set", "action_id=reset_password")
    assert "succeeded" in told
    assert "answer HTTP 302" in told
    assert "Location: " in told
    assert "action=reset_password" in told
    wrong = ccli("devops", "trigger", ACTION, "--set", "seats=3", environ=loop.environ, cwd=loop.project)
    assert wrong.returncode == 1
    assert "no field 'seats'" in wrong.stderr


@pytest.mark.parametrize("path", ["seats", "body.seats"])
def test_fields_of_a_custom_event_are_set_in_its_body(loop: Loop, path: str) -> None:
    plain = trigger(loop, CUSTOM)
    assert plain["tasks"][0]["status"] == "succeeded"
    answer = trigger(loop, CUSTOM, "--set", f"{path}=3")
    assert answer["object"]["body"]["seats"] == 3
    assert set(answer["object"]["body"]) == {*plain["object"]["body"], "seats"}
    assert "seats" in answer["answer"]["body"]["received"]
    told = say(loop, "trigger", CUSTOM)
    assert "answer HTTP 200" in told
    assert '"response": "OK"' in told


def test_other_parts_of_a_custom_event_are_set_where_they_are(loop: Loop) -> None:
    event = trigger(loop, CUSTOM, "--set", "headers.x-sign=abc", "--set", "querystring=a=b")["object"]
    assert (event["headers"]["x-sign"], event["querystring"]) == ("abc", "a=b")
    form = trigger(loop, CUSTOM, "--set", "form_data.name=Ann")
    assert (form["object"]["body"], form["object"]["form_data"]) == (None, {"name": "Ann"})
    assert form["answer"]["body"]["received"] == ["name"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([CUSTOM, "--status", "open"], "no statuses"),
        ([CUSTOM, "--set", "headers=3"], "set.headers"),
        ([ACTION, "--set", "action_id=dance"], "sso, reset_password"),
        ([ACTION, "--status", "suspended"], "has no statuses"),
        (["installation_status_change"], "has no installations"),
        (["scheduled_execution", "--set", "interval=3"], "set.interval"),
        (["scheduled_execution", "--status", "open"], "status"),
    ],
)
def test_what_cannot_be_is_said(loop: Loop, arguments: list[str], words: str) -> None:
    done = ccli("devops", "trigger", *arguments, environ=loop.environ, cwd=loop.project)
    assert done.returncode == 1
    assert words in done.stderr, done.stderr


def test_an_event_without_a_handler_is_said_of_a_connected_extension(loop: Loop) -> None:
    told = say(loop, "trigger", "asset_cancel_request_processing")
    assert "has not subscribed to asset_cancel_request_processing; it is connected, so it has no handler" in told


def test_the_parameter_of_a_schedule_is_set(loop: Loop) -> None:
    answer = trigger(loop, "scheduled_execution", "--set", "parameter.product_id=PRD-1", "--wait")
    assert answer["object"]["parameter"] == {"product_id": "PRD-1"}
    assert [task["status"] for task in answer["tasks"]] == ["succeeded"]


def test_the_project_of_the_folder_is_meant(loop: Loop) -> None:
    second = loop.root / "made" / "second_one"
    told = say(loop, "trigger", PURCHASE, cwd=second / "tests")
    assert f"the project in {second}\n" in told
    assert "has not subscribed" in told
    elsewhere = say(loop, "trigger", PURCHASE, "--wait", cwd=loop.root)
    assert "the project in" not in elsewhere
    assert "succeeded" in elsewhere
