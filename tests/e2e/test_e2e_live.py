"""Promises about a running pair: config is live, secrets stay secret, local means local."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from loop import Loop
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

pytestmark = pytest.mark.e2e

ARGUMENTS = ("--no-rich-logging",)
DEBUG, WARNING = 10, 30


@pytest.fixture
def loop(shared_loop: Loop) -> Iterator[Loop]:
    shared_loop.journal.open_gate()
    yield shared_loop
    shared_loop.settle()
    shared_loop.journal.read().clear()


def seen_by_handlers(loop: Loop, name: str, wanted: object) -> None:
    """Send tasks until a handler sees the value; a few may have been on their way already."""
    for _ in range(10):
        request, _ = loop.purchase()
        if loop.journal.expect(began=request)[name] == wanted:
            return
    raise AssertionError(f"no handler saw {name} = {wanted!r}")


def test_config_is_live_for_variables(loop: Loop) -> None:
    started = loop.runner.process.pid
    for colour in ("blue", "yellow"):
        loop.set_variable("COLOUR", colour)
        seen_by_handlers(loop, "colour", colour)
    assert loop.runner.process.pid == started
    assert loop.runner.process.poll() is None


def test_config_is_live_for_log_levels(loop: Loop) -> None:
    for name, level in (("debug", DEBUG), ("warning", WARNING), ("debug", DEBUG)):
        loop.client.post(f"{loop.path}/logs/set-level/{name}")
        seen_by_handlers(loop, "level", level)
    request, _ = loop.purchase()
    loop.settle()
    assert f"a word for developers about {request}" in loop.runner_log.read_text()


def test_secrets_stay_secret(loop: Loop) -> None:
    secret = "correct-horse-battery-staple"
    answered = loop.set_variable("PASSWORD", secret, secure=True)
    loop.client.post(f"{loop.path}/logs/set-level/debug")
    seen_by_handlers(loop, "password_length", len(secret))
    _request, task = loop.purchase("secret")
    assert loop.until_status(task, "succeeded")
    shown = [
        answered,
        loop.client.get(f"{loop.path}/variables"),
        loop.client.get(loop.path),
        loop.client.get(f"/devops/services/{loop.stage.extension_id}"),
        loop.client.get("/devops/local/info"),
        loop.tasks(),
        loop.attempts(task),
    ]
    assert secret not in json.dumps(shown)
    loop.kill_runner()
    loop.start_runner(*ARGUMENTS)
    seen_by_handlers(loop, "password_length", len(secret))
    for log in (loop.platform_log, loop.runner_log):
        text = log.read_text()
        assert secret not in text, log
        assert loop.api_key not in text, log
        assert loop.api_key.partition(":")[2] not in text, log
        assert loop.stage.jwt_secret not in text, log
    assert "Authorization:" in loop.runner_log.read_text()


def test_nothing_secret_lies_open_in_the_data(loop: Loop) -> None:
    secret = "tr0ub4dor-and-three"
    loop.set_variable("PASSWORD", secret, secure=True)
    database = loop.data_dir / "platform.db"
    # What is still in the log of changes goes into the file.
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    connection.close()
    token = loop.api_key.partition(":")[2]
    assert token
    for file in loop.data_dir.rglob("*"):
        if file.is_file() and file.name != "api-key":
            content = file.read_bytes()
            assert secret.encode() not in content, file
            assert token.encode() not in content, file
    for private in (loop.data_dir, loop.data_dir / "api-key", Path(loop.environ["CONNECT_DEVOPS_DISCOVERY"])):
        assert private.stat().st_mode & 0o077 == 0, f"{private} is open to others"


def listening_addresses(pid: int) -> set[str]:
    """Local addresses, in the kernel's hexadecimal words, of the sockets on which a process listens."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = str(link.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                found.add(fields[1].partition(":")[0])
    return found


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="needs Linux's list of sockets")
def test_local_means_local_sockets(loop: Loop) -> None:
    assert listening_addresses(loop.platform.process.pid) == {"0100007F"}
    # And so it is seen from outside of the loopback, where this machine has an outside.
    for address in {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}:
        if not str(address).startswith("127."):
            with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
                socket.create_connection((str(address), httpx.URL(loop.client.url).port), timeout=2)


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example"}, {"Origin": "https://evil.example"}],
    ids=["host", "look-alike host", "origin"],
)
def test_local_means_local_names(loop: Loop, headers: dict[str, str]) -> None:
    url = f"{loop.client.url}/public/v1/requests"
    known = {"Authorization": loop.api_key}
    assert httpx.get(url, headers=known, trust_env=False).status_code == 200
    refused = httpx.get(url, headers={**known, **headers}, trust_env=False)
    assert refused.status_code == 403
    assert next(iter(headers)) in refused.text


def test_local_means_local_websockets(loop: Loop) -> None:
    address = loop.client.url.replace("http", "ws") + f"/public/v1/devops/ws/{loop.stage.environment_id}/intruder"
    with pytest.raises(InvalidStatus) as refused:
        connect(address, origin="https://evil.example", additional_headers={"Authorization": loop.api_key}, proxy=None)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
