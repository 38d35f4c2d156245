"""Bad input: one clear message that names what and where, a non-zero exit, nothing half written."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loop import PROJECTS, Loop, bare_environment, ccli, cextrun

pytestmark = pytest.mark.e2e

LONGEST_MESSAGE_LINES = 6
USAGE_ERROR = 2
Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """A platform that knows one extension, whose runner is not there."""
    with Loop(tmp_path_factory.mktemp("bad"), PROJECTS / "probe") as loop:
        yield loop


def refused(done: Done, *words: str, status: int | None = None) -> str:
    """Assert that a command refused as it should; returns its message."""
    message = done.stderr.strip()
    assert done.returncode not in (0, 70), done.stdout + message
    assert status is None or done.returncode == status, message
    assert "Traceback" not in done.stdout + message
    assert message
    # Log lines, and the code that a message is about, do not count.
    lines = [line for line in message.splitlines() if not any(sign in line for sign in (" INFO ", " WARNING ", " | "))]
    assert len(lines) <= LONGEST_MESSAGE_LINES, message
    for word in words:
        assert word in message.replace("\n", " "), f"{word!r} is missing:\n{message}"
    return message


def state(loop: Loop) -> dict[str, object]:
    """What a command that was refused must not have changed."""
    return {
        "requests": loop.client.get("/requests"),
        "assets": loop.client.get("/assets"),
        "products": loop.client.get("/products"),
        "tasks": loop.tasks(),
        "extensions": [
            {name: value for name, value in extension.items() if name in ("id", "name", "type")}
            for extension in loop.client.get("/devops/local/info")["extensions"]
        ],
        "files": sorted(str(path) for path in loop.data_dir.rglob("*") if "platform.db" not in path.name),
    }


@pytest.fixture
def unchanged(platform: Loop) -> Iterator[Loop]:
    """The platform, which has to be the same after the test."""
    before = state(platform)
    yield platform
    assert state(platform) == before


PURCHASE = "asset_purchase_request_processing"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trigger", "no_such_event"], ["event_type", "no_such_event", PURCHASE]),
        (["trigger", PURCHASE, "--status", "happy"], ["status", "'happy'", "pending"]),
        (["trigger", PURCHASE, "--set", "no-equals-sign"], ["--set", "path=value", "no-equals-sign"]),
        (
            ["trigger", PURCHASE, "--set", "asset.items.nothing.quantity=1"],
            ["asset.items.nothing", "asset.items=[...]"],
        ),
        (["trigger", PURCHASE, "--set", "asset.params.seats=1"], ["asset.params.seats.value"]),
        (["trigger", PURCHASE, "--set", "id=5"], ["id", "text"]),
        (["trigger", PURCHASE, "--set", "status=happy"], ["status", "'happy'"]),
        (["trigger", PURCHASE, "-x", "SRVC-0000-0000"], ["SRVC-0000-0000"]),
        (["trigger", PURCHASE, "--payload", "absent.json"], ["absent.json", "no such file"]),
        (["trigger", "product_custom_event_processing"], ["product_custom_event_processing", "start its runner"]),
        (["task", "TQ-0000-0000-0000-0000"], ["TQ-0000-0000-0000-0000", "ccli devops tasks"]),
        (["tasks", "-e", "ENV-0000-0000-01"], ["ENV-0000-0000-01", "ccli devops info"]),
        (["tasks", "--status", "happy"], ["--status", "happy", "succeeded"]),
        (["tasks", "-n", "0"], ["--limit", "0"]),
        (["clock", "yesterday"], ["SECONDS", "yesterday"]),
        (["clock", "nan"], ["SECONDS", "nan"]),
        (["dev", "absent"], ["absent", "pyproject.toml", "bootstrap"]),
        (["no-such-command"], ["no-such-command"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_command_is_refused(unchanged: Loop, arguments: list[str], words: list[str]) -> None:
    refused(ccli("devops", *arguments, environ=unchanged.environ, cwd=unchanged.root), *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{not json", ["payload.json", "JSON", "line 1"]),
        ("[]", ["payload.json", "object", "list"]),
        ('"text"', ["payload.json", "object"]),
        ("{}", ["payload.id", "payload.type", "payload.asset"]),
        ('{"id": "PR-1", "type": "change", "status": "pending", "asset": {"id": "AS-1"}}', ["payload.type", "change"]),
        ('{"id": "PR-1", "type": "purchase", "status": "happy", "asset": []}', ["payload.status", "payload.asset"]),
        ('{"id": 1.5, "type": "purchase", "status": "pending"}', ["payload.id"]),
    ],
    ids=["no JSON", "a list", "a text", "empty", "another type", "wrong fields", "no id"],
)
def test_a_payload_that_is_no_such_object_is_refused(
    unchanged: Loop, tmp_path: Path, content: str, words: list[str]
) -> None:
    file = tmp_path / "payload.json"
    file.write_text(content)
    refused(ccli("devops", "trigger", PURCHASE, "--payload", str(file), environ=unchanged.environ), *words)


@pytest.mark.parametrize(
    "arguments",
    [["tasks"], ["task", "TQ-1"], ["info"], ["clock"], ["trigger", PURCHASE]],
    ids=lambda arguments: arguments[0],
)
def test_commands_without_a_platform_say_how_to_start_one(tmp_path: Path, arguments: list[str]) -> None:
    done = ccli("devops", *arguments, environ=bare_environment(tmp_path))
    refused(done, "No local platform runs", "ccli devops start")
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_a_port_in_use_is_named(unchanged: Loop, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments = ("devops", "start", "--port", port, "--data-dir", str(tmp_path / "data"))
        done = ccli(*arguments, environ=bare_environment(tmp_path))
    refused(done, "127.0.0.1", port, "in use")
    assert not any(path.suffix in (".db", ".json", ".pem") for path in tmp_path.rglob("*"))
    assert not (tmp_path / "data" / "api-key").exists()


def test_a_second_platform_on_the_same_data_is_refused(unchanged: Loop) -> None:
    discovery = Path(unchanged.environ["CONNECT_DEVOPS_DISCOVERY"])
    before = discovery.read_text()
    arguments = ("devops", "start", "--port", "0", "--data-dir", str(unchanged.data_dir))
    refused(ccli(*arguments, environ=unchanged.environ), str(unchanged.data_dir), str(unchanged.platform.process.pid))
    assert discovery.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "70000"], ["--port", "70000"]),
        (["--port", "0", "--database", "nonsense"], ["nonsense"]),
        (["--port", "0", "--data-dir", "/dev/null/data"], ["/dev/null/data"]),
        (["--port", "0", "--host", "256.1.1.1"], ["256.1.1.1"]),
    ],
    ids=["port", "database", "data-dir", "host"],
)
def test_a_platform_with_wrong_settings_does_not_start(tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    environ = bare_environment(tmp_path)
    refused(ccli("devops", "start", *arguments, environ=environ), *words)
    assert not Path(environ["CONNECT_DEVOPS_DISCOVERY"]).exists()


def credentials(loop: Loop, **others: str) -> dict[str, str]:
    """What an operator exports."""
    known = {"API_KEY": loop.api_key, "ENVIRONMENT_ID": loop.stage.environment_id, "SERVER_ADDRESS": loop.client.url}
    return {**bare_environment(loop.root / "elsewhere"), **known, **others}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"API_KEY": ""}, ["API_KEY", "not set"]),
        ({"API_KEY": "", "ENVIRONMENT_ID": ""}, ["API_KEY and ENVIRONMENT_ID", "not set", "ccli devops dev"]),
        ({"API_KEY": "ApiKey SU-000-000-000:wrong"}, ["401", "API_KEY"]),
        ({"API_KEY": "nonsense"}, ["API_KEY", "ApiKey SU-"]),
        ({"API_KEY": "ApiKey SU-000-000-000:nonsense"}, ["401", "API_KEY"]),
        ({"ENVIRONMENT_ID": "ENV-0000-0000-01"}, ["404", "ENVIRONMENT_ID"]),
        ({"ENVIRONMENT_ID": "not an id"}, ["ENVIRONMENT_ID", "not an id"]),
        ({"SERVER_ADDRESS": "http://a b"}, ["SERVER_ADDRESS", "a b"]),
        ({"BACKGROUND_TASK_MAX_EXECUTION_TIME": "soon"}, ["BACKGROUND_TASK_MAX_EXECUTION_TIME", "soon"]),
        ({"CONNECT_CA_FILE": "/absent.pem"}, ["CONNECT_CA_FILE", "/absent.pem"]),
    ],
    ids=lambda value: " ".join(f"{name}={text}" for name, text in value.items()) if isinstance(value, dict) else None,
)
def test_a_runner_with_wrong_settings_ends(unchanged: Loop, variables: dict[str, str], words: list[str]) -> None:
    environ = credentials(unchanged, **{"SERVER_ADDRESS": unchanged.client.url, **variables})
    message = refused(cextrun("--no-rich-logging", environ=environ, cwd=unchanged.project), *words, status=USAGE_ERROR)
    assert unchanged.api_key not in message
    assert unchanged.client.get(unchanged.path)["status"] == "uninitialized" or not unchanged.instances()


def test_an_env_file_that_is_absent_or_broken_is_named(unchanged: Loop, tmp_path: Path) -> None:
    environ = bare_environment(tmp_path)
    absent = cextrun("--env-file", str(tmp_path / "absent.env"), environ=environ, cwd=unchanged.project)
    refused(absent, "absent.env", status=USAGE_ERROR)
    broken = tmp_path / "broken.env"
    broken.write_text("API_KEY=x\nthis is no assignment\n")
    done = cextrun("--env-file", str(broken), environ=environ, cwd=unchanged.project)
    refused(done, "broken.env", "line 2", status=USAGE_ERROR)


def break_descriptor(project: Path) -> None:
    (project / "old_style" / "extension.json").write_text('{"name": "Old Style",')


def break_descriptor_kind(project: Path) -> None:
    (project / "old_style" / "extension.json").write_text("[]")


def drop_method(project: Path) -> None:
    source = project / "old_style" / "extension.py"
    source.write_text(source.read_text().replace("def process_asset_purchase_request", "def process_something_else"))


def declare_unknown_event(project: Path) -> None:
    file = project / "old_style" / "extension.json"
    descriptor = json.loads(file.read_text())
    descriptor["capabilities"]["asset_dance_request_processing"] = ["pending"]
    file.write_text(json.dumps(descriptor))


def break_code(project: Path) -> None:
    (project / "old_style" / "extension.py").write_text("import no_such_module_anywhere\n")


def break_syntax(project: Path) -> None:
    (project / "old_style" / "extension.py").write_text("class Extension(:\n")


def rename_class(project: Path) -> None:
    source = project / "old_style" / "extension.py"
    source.write_text(source.read_text().replace("class OldStyleExtension", "class Renamed"))


def drop_entry_points(project: Path) -> None:
    (project / "pyproject.toml").write_text('[project]\nname = "nothing"\nversion = "0"\n')


def break_pyproject(project: Path) -> None:
    (project / "pyproject.toml").write_text("[project\n")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (break_descriptor, ["old_style/extension.json:1"]),
        (break_descriptor_kind, ["extension.json", "object"]),
        (drop_method, ["process_asset_purchase_request", PURCHASE, "old_style/extension.json:10"]),
        (declare_unknown_event, ["asset_dance_request_processing", "extension.json"]),
        (break_code, ["no_such_module_anywhere", "old_style/extension.py:1"]),
        (break_syntax, ["old_style/extension.py:1"]),
        (rename_class, ["OldStyleExtension", "extension"]),
        (drop_entry_points, ["pyproject.toml", "connect.eaas.ext"]),
        (break_pyproject, ["pyproject.toml"]),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_a_broken_extension_is_not_run(
    unchanged: Loop, tmp_path: Path, spoil: Callable[[Path], None], words: list[str]
) -> None:
    project = tmp_path / "old_style"
    shutil.copytree(PROJECTS / "old_style", project, ignore=shutil.ignore_patterns("__pycache__"))
    spoil(project)
    refused(cextrun("--no-rich-logging", environ=credentials(unchanged), cwd=project), *words)
    assert unchanged.client.get(unchanged.path)["status"] != "connected"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/requests?eq(status", None, 400, []),
        ("GET", "/requests/PR-0", None, 404, ["PR-0"]),
        ("POST", "/requests", {"type": "dance"}, 400, ["type", "dance"]),
        ("POST", "/requests", [], 400, ["object"]),
        ("POST", "/devops/services", {}, 400, ["type"]),
        ("GET", "/devops/services/SRVC-0000-0000", None, 404, ["SRVC-0000-0000"]),
        ("POST", "/devops/local/trigger", {"event_type": 5}, 400, ["event_type"]),
    ],
)
def test_a_wrong_call_is_answered_with_a_clear_error(
    unchanged: Loop, method: str, path: str, body: object, status: int, words: list[str]
) -> None:
    response = unchanged.client.send(method, path, json=body)
    assert response.status_code == status, response.text
    assert response.json()["errors"]
    for word in words:
        assert word in response.text


@pytest.mark.parametrize("key", [None, "", "ApiKey SU-000-000-000:wrong", "Bearer x"])
def test_a_call_without_a_known_key_is_refused(unchanged: Loop, key: str | None) -> None:
    import httpx

    headers = {} if key is None else {"Authorization": key}
    for path in ("/requests", "/devops/services", "/devops/local/info", "/accounts"):
        response = httpx.get(f"{unchanged.client.url}/public/v1{path}", headers=headers, trust_env=False)
        assert response.status_code == 401
        assert response.json()["errors"]
