"""What the platform keeps on disk: who holds the data directory, certificates, the discovery file."""

from __future__ import annotations

import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from connect_devops.data_dir import DataDir
from connect_devops.discovery import DiscoveryFile, read_discovery
from connect_devops.errors import AlreadyRunningError, DataDirError, PortError, SettingsError, StartError
from connect_devops.files import write_private
from connect_devops.listeners import bind
from connect_devops.settings import Settings
from connect_devops.tls import Certificates, ensure_certificates

NOW = datetime.now(timezone.utc)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_second_platform_on_the_same_data_dir_is_refused_and_named(tmp_path: Path) -> None:
    with DataDir(tmp_path / "data"), pytest.raises(AlreadyRunningError) as caught:
        DataDir(tmp_path / "data").__enter__()
    assert str(os.getpid()) in str(caught.value)
    assert str(tmp_path / "data") in str(caught.value)


def test_data_dir_is_free_again_after_its_holder(tmp_path: Path) -> None:
    with DataDir(tmp_path):
        pass
    with DataDir(tmp_path) as again:
        assert again.path == tmp_path


def test_data_dir_is_free_again_after_its_holder_was_killed(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\nfrom connect_devops.data_dir import DataDir\n"
        "DataDir(pathlib.Path(sys.argv[1])).__enter__()\nprint('held', flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError):
            DataDir(tmp_path).__enter__()
        holder.kill()
    with DataDir(tmp_path):
        pass


def test_data_dir_below_a_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirError, match="file"):
        DataDir(tmp_path / "file" / "data").__enter__()


def test_private_file_is_replaced_whole_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    target = tmp_path / "key"
    target.write_text("old")
    target.chmod(0o644)
    write_private(target, "new")
    assert target.read_text() == "new"
    assert mode(target) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_certificates_are_kept_while_they_serve(tmp_path: Path) -> None:
    first = ensure_certificates(tmp_path, NOW)
    before = first.chain_file.read_bytes()
    assert ensure_certificates(tmp_path, NOW + timedelta(days=365)).chain_file.read_bytes() == before
    assert mode(first.chain_file) == 0o600


@pytest.mark.parametrize("spoil", ["stale", "other name", "lost", "garbled"])
def test_certificates_are_made_anew_when_they_do_not_serve(tmp_path: Path, spoil: str) -> None:
    files = ensure_certificates(tmp_path, NOW)
    before = files.chain_file.read_bytes()
    names: tuple[str, ...] = ()
    now = NOW
    if spoil == "stale":
        now = NOW + timedelta(days=3640)
    elif spoil == "other name":
        names = ("devbox.example",)
    elif spoil == "lost":
        files.ca_file.unlink()
    else:
        (tmp_path / "certificates.json").write_text("{")
    ensure_certificates(tmp_path, now, names=names)
    assert files.chain_file.read_bytes() != before
    assert files.ca_file.is_file()


def test_the_authority_key_is_not_kept(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, NOW)
    assert "PRIVATE KEY" not in files.ca_file.read_text()
    assert files.chain_file.read_text().count("PRIVATE KEY-----") == 2


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_a_strict_client_accepts_every_loopback_name(tmp_path: Path, name: str) -> None:
    files = ensure_certificates(tmp_path, NOW)
    assert handshake(files, name) == "TLSv1.3"


def test_a_client_refuses_a_name_that_the_certificate_lacks(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files, "devbox.example")


def handshake(files: Certificates, name: str) -> str | None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.chain_file)
    client = ssl.create_default_context(cafile=str(files.ca_file))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as secured:
                secured.recv(1)
        except (ssl.SSLError, OSError):
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as secured:
            return secured.version()
    finally:
        ours.close()
        thread.join()


def test_a_taken_port_is_an_error_that_names_it() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=f"127.0.0.1 port {port}: the port is in use"):
            bind("127.0.0.1", port)


def test_discovery_file_tells_of_a_living_platform_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "discovery.json"
    file = DiscoveryFile(path)
    file.write({"url": "http://127.0.0.1:1"})
    assert mode(path) == 0o600
    assert read_discovery(path) == {"url": "http://127.0.0.1:1", "pid": os.getpid()}
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    path.write_text(json.dumps({"url": "http://127.0.0.1:1", "pid": gone.pid}))
    assert read_discovery(path) is None
    path.write_text("[]")
    assert read_discovery(path) is None


def test_discovery_file_of_another_platform_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "discovery.json"
    file = DiscoveryFile(path)
    file.write({"url": "http://127.0.0.1:1"})
    DiscoveryFile(path).write({"url": "http://127.0.0.1:2"})
    file.remove()
    assert path.exists()


def test_discovery_file_names_the_newest_platform_and_then_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "discovery.json"
    first, second = DiscoveryFile(path), DiscoveryFile(path)
    first.write({"url": "http://127.0.0.1:1"})
    second.write({"url": "http://127.0.0.1:2"})
    first.write({"url": "http://127.0.0.1:1", "extensions": ["new"]})
    assert read_discovery(path) == {"url": "http://127.0.0.1:2", "pid": os.getpid()}
    second.remove()
    assert read_discovery(path) == {"url": "http://127.0.0.1:1", "pid": os.getpid()}
    assert mode(path) == 0o600
    first.write({"url": "http://127.0.0.1:1", "extensions": ["new"]})
    assert (read_discovery(path) or {})["extensions"] == ["new"]
    first.remove()
    assert not path.exists()


def test_discovery_file_does_not_come_back_to_a_platform_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "discovery.json"
    before = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    path.write_text(json.dumps({"url": "http://127.0.0.1:1", "pid": before.pid}))
    file = DiscoveryFile(path)
    file.write({"url": "http://127.0.0.1:2"})
    before.communicate(b"\n")
    file.remove()
    assert not path.exists()


def test_discovery_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match=r"discovery file .*file/d\.json"):
        DiscoveryFile(tmp_path / "file" / "d.json").write({})


def test_settings_follow_the_environment(tmp_path: Path) -> None:
    settings = Settings.from_environment({"HOME": str(tmp_path), "XDG_STATE_HOME": "/state"})
    assert settings.data_dir == tmp_path / ".local/share/connect-devops"
    assert settings.discovery_file == Path("/state/connect-devops/discovery.json")
    assert (settings.port, settings.tls_port) == (8088, 8089)
    named = Settings.from_environment({"HOME": str(tmp_path), "CONNECT_DEVOPS_DISCOVERY": "/x/d.json"}, port=0)
    assert named.discovery_file == Path("/x/d.json")
    assert named.tls_port == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"port": 65536}, "port"), ({"port": 8088, "https_port": 8088}, "https_port"), ({"host": ""}, "host")],
)
def test_impossible_settings_are_named(tmp_path: Path, wrong: dict[str, object], field: str) -> None:
    with pytest.raises(SettingsError, match=field):
        Settings(data_dir=tmp_path, discovery_file=tmp_path / "d", **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_only_loopback_counts_as_local(tmp_path: Path, host: str, loopback: bool) -> None:
    assert Settings(data_dir=tmp_path, discovery_file=tmp_path / "d", host=host).is_loopback is loopback
