"""The extensions of ``examples/`` on the real platform with the real runner, and their own tests."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import openpyxl
import pytest
from loop import Loop, bare_environment, ccli

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("fulfilment_automation", "multi_account", "transformations")
ROWS = 25

pytestmark = pytest.mark.e2e


def call(loop: Loop, path: str, method: str = "GET", *, key: bool = True, **options: Any) -> httpx.Response:
    """Call the extension's own address on the platform."""
    headers = {"Authorization": loop.api_key} if key else {}
    url = f"{loop.client.url}/ext/{loop.stage.extension_id}/dev/{path}"
    return httpx.request(method, url, headers=headers, trust_env=False, timeout=20, **options)


def pages_are_served(loop: Loop, *pages: str) -> None:
    """Open pages over HTTP, and all that they load."""
    for page in pages:
        answer = call(loop, f"static/{page}.html", key=False)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/html"), page
        assert "<h1>" in answer.text
        loaded = [part.partition('"')[0] for part in answer.text.replace('href="', 'src="').split('src="')[1:]]
        assert loaded, page
        for file in loaded:
            if not file.startswith("data:"):
                assert call(loop, f"static/{file}", key=False).status_code == 200, file


@pytest.mark.parametrize("name", NAMES)
def test_an_example_passes_its_own_tests_and_is_valid(name: str, tmp_path: Path) -> None:
    environ = {**bare_environment(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=EXAMPLES / name, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    checked = ccli("project", "extension", "validate", str(EXAMPLES / name), environ=environ)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_fulfilment_example_lives_an_order_through(make_loop: Callable[..., Loop]) -> None:
    loop = make_loop(EXAMPLES / "fulfilment_automation")
    loop.start_runner()

    request, task = loop.purchase()
    loop.until_status(task, "rescheduled")
    asset = loop.client.get(f"/requests/{request}")["asset"]
    values = {item["id"]: item["value"] for item in asset["params"]}
    assert (values["activation_status"], values["subscription_id"]) == ("pending", f"WS-{asset['id']}")

    # The service reports through the custom event, and the next delivery approves.
    token = _token(loop, asset)
    answer = loop.client.send(
        "POST",
        f"/devops/hooks/{loop.stage.extension_id}/product/custom-event",
        headers={"Authentication": f"Bearer {token}"},
        json={"request_id": request, "status": "ready"},
    )
    assert (answer.status_code, answer.json()) == (200, {"accepted": request})
    loop.settle()
    assert loop.task(task)["status"] == "succeeded"
    assert loop.client.get(f"/requests/{request}")["status"] == "approved"

    too_many = loop.trigger("asset_change_request_processing", **{"asset.items.0.quantity": "5000"})["object"]["id"]
    faulty = loop.trigger("asset_purchase_request_processing", **{"asset.params.admin_email.value": "nobody"})
    loop.settle()
    refused = loop.client.get(f"/requests/{too_many}")
    assert (refused["status"], "At most 500 seats" in refused["reason"]) == ("failed", True)
    assert loop.client.get(f"/requests/{faulty['object']['id']}")["status"] == "inquiring"

    link = loop.trigger("product_action_execution")["link"]
    assert loop.client.send("GET", link).headers["location"].startswith("https://workspaces.example.com?action=")


def _token(loop: Loop, asset: dict[str, Any]) -> str:
    claims = {
        "product_id": asset["product"]["id"],
        "environment": "development",
        "exp": datetime.now().astimezone() + timedelta(seconds=60),
    }
    return jwt.encode(claims, loop.stage.jwt_secret, algorithm="HS256")


def test_the_multi_account_example_serves_an_installation(make_loop: Callable[..., Loop]) -> None:
    loop = make_loop(EXAMPLES / "multi_account")
    loop.start_runner()
    loop.until(lambda: loop.instances() and call(loop, "unauthorized/health", key=False).is_success, "pages are served")
    assert call(loop, "unauthorized/health", key=False).json()["environment"] == "development"
    pages_are_served(loop, "settings", "orders")
    # Nobody has installed it yet.
    assert call(loop, "api/settings").status_code == 422

    installed = ccli("devops", "install", str(loop.project), "-o", "json", environ=loop.environ)
    assert installed.returncode == 0, installed.stderr
    installation = json.loads(installed.stdout)["id"]
    loop.settle()
    first = {"enabled": True, "large_from": 100, "note": "This is a large order."}
    assert loop.client.get(f"/devops/installations/{installation}")["settings"] == first
    assert call(loop, "api/settings", key=False).status_code == 401

    mine = {"enabled": True, "large_from": 7, "note": "Look here!"}
    assert call(loop, "api/settings", "PUT", json=mine).json() == mine
    assert call(loop, "api/settings").json() == mine
    assert call(loop, "api/settings", "PUT", json={"large_from": 0}).status_code == 422
    assert loop.client.get(f"/devops/installations/{installation}")["settings"] == mine

    request = loop.trigger("asset_purchase_request_processing", **{"asset.items.0.quantity": "700"})["object"]["id"]
    loop.settle()
    texts = [message["text"] for message in loop.client.get(f"/conversations/{request}/messages")]
    assert any(text.startswith("Look here! (7") for text in texts), texts
    (order,) = [item for item in call(loop, "api/orders").json() if item["id"] == request]
    assert order["large"] is True

    assert ccli("devops", "install", str(loop.project), "--uninstall", environ=loop.environ).returncode == 0
    again = ccli("devops", "install", str(loop.project), "--uninstall", environ=loop.environ)
    assert (again.returncode, "is not installed" in again.stderr) == (1, True)
    fulfilment = str(EXAMPLES / "fulfilment_automation")
    refused = ccli("devops", "install", fulfilment, environ=loop.environ)
    assert (refused.returncode, "is of type products" in refused.stderr) == (1, True)
    loop.settle()
    told = [task for task in loop.tasks() if task["object"]["type"] == "installation_status_change"]
    assert [task["status"] for task in told] == ["succeeded", "succeeded"]


def test_the_transformations_example_changes_sheets(make_loop: Callable[..., Loop]) -> None:
    loop = make_loop(EXAMPLES / "transformations")
    loop.start_runner()
    loop.until(lambda: call(loop, "static/convert.html", key=False).is_success, "pages are served")
    pages_are_served(loop, "convert", "mark")
    described = call(loop, "api/convert/overview", "POST", json={"rate": "2", "digits": "1"})
    assert described.json() == {"overview": "Prices times 2, with 1 digits."}
    loop.until(lambda: len(functions(loop)) == 2, "both transformations are known")
    dialogs = [function["ui"]["edit_dialog"] for function in functions(loop)]
    assert sorted(dialogs) == ["/static/convert.html", "/static/mark.html"]

    before, after = transformed(loop, "convert_prices", rate="2")
    assert [row["price"].value for row in after] == [round(row["price"].value * 2, 2) for row in before]
    assert [row["id"].value for row in after] == [row["id"].value for row in before]

    before, after = transformed(loop, "mark_large", large_from=1000)
    for old, new in zip(before, after, strict=True):
        if not old["active"].value:
            assert new["id"].value == "#N/A"
            continue
        large = old["price"].value * old["quantity"].value >= 1000
        assert ("large" in new["price"].number_format) is large
        assert new["purchased"].number_format == old["purchased"].number_format


def functions(loop: Loop) -> list[dict[str, Any]]:
    """The transformations that the platform knows."""
    found: list[dict[str, Any]] = loop.client.get("/devops/transformations")
    return found


def transformed(loop: Loop, method: str, **settings: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Transform a sheet of the platform's; returns the cells of its rows before and after, by columns."""
    changes = {
        "transformation.method": method,
        "transformation.settings": settings,
        "stats.rows.total": ROWS,
    }
    made = loop.trigger("billing_transformation_request", **changes)
    assert made["tasks"], made["notes"]
    loop.settle()
    request = loop.client.get(f"/billing/requests/{made['object']['id']}")
    assert request["status"] == "completed", request.get("error")
    before, after = (rows(loop, request["files"][side]["name"]) for side in ("input", "output"))
    assert len(before) == len(after) == ROWS
    return before, after


def rows(loop: Loop, address: str) -> list[dict[str, Any]]:
    """The cells of a sheet's rows, by columns."""
    answer = httpx.get(f"{loop.client.url}{address}", headers={"Authorization": loop.api_key}, trust_env=False)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["Data"]
    names, *cells = sheet.iter_rows()
    return [dict(zip((name.value for name in names), row, strict=True)) for row in cells]
