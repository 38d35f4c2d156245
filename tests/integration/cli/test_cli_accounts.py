from __future__ import annotations

import json
import ssl
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from connect_stand_in import KEY, Platform, serve

Ccli = Callable[..., Any]


def config(home: Path) -> Any:
    return json.loads((home / ".ccli" / "config.json").read_text())


def test_the_first_account_is_stored_in_the_public_format_and_active(
    ccli: Ccli, home: Path, platform: Platform
) -> None:
    result = ccli("account", "add", KEY, "-e", platform.endpoint)
    assert (result.status, result.out) == (0, "Account VA-100-200 (Acme) added; active.\n")
    assert config(home) == {
        "active": "VA-100-200",
        "accounts": [{"api_key": KEY, "endpoint": platform.endpoint, "id": "VA-100-200", "name": "Acme"}],
    }


def test_the_file_is_its_owner_s_only_also_after_it_was_not(ccli: Ccli, home: Path, platform: Platform) -> None:
    folder = home / ".ccli"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "config.json").chmod(0o644)
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    assert stat.S_IMODE((folder / "config.json").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["config.json"]


def test_the_key_is_never_printed(ccli: Ccli, platform: Platform) -> None:
    printed = ""
    for arguments in (
        ("-v", "account", "add", KEY, "-e", platform.endpoint),
        ("account", "list"),
        ("account", "list", "-o", "json"),
        ("account", "activate", "VA-100-200"),
        ("account", "add", KEY + "x", "-e", platform.endpoint),
        ("account", "remove", "VA-100-200"),
    ):
        result = ccli(*arguments)
        printed += result.out + result.err
    assert "not-to-be-seen" not in printed
    assert f"GET {platform.endpoint}/accounts?limit=1&offset=0 -> 200" in printed


def test_a_wrong_key_is_said_and_nothing_is_stored(ccli: Ccli, home: Path, platform: Platform) -> None:
    result = ccli("account", "add", "ApiKey SU-1:wrong", "-e", platform.endpoint)
    assert result.status == 1
    assert "the platform refused the API key (401)" in result.err
    assert not (home / ".ccli").exists()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ((500, '{"error_code": "X", "errors": ["Down for maintenance."]}'), "answered 500: Down for maintenance."),
        ((502, "bad gateway"), "answered 502: bad gateway"),
        ((200, "<html>"), "the answer is no JSON: is this the address of a Connect API?"),
        ((200, '{"a": 1}'), "the answer is no list of objects"),
        ((200, "[]"), "this API key sees no account"),
        ((200, '[{"name": "x"}]'), "the account in the answer has no id"),
    ],
)
def test_other_answers_are_said_too(ccli: Ccli, platform: Platform, raw: tuple[int, str], message: str) -> None:
    platform.raw["accounts"] = raw
    result = ccli("account", "add", KEY, "-e", platform.endpoint)
    assert result.status == 1
    assert message in result.err
    assert "Traceback" not in result.err


def test_a_platform_that_is_not_there(ccli: Ccli) -> None:
    result = ccli("account", "add", KEY, "-e", "http://127.0.0.1:1")
    assert result.status == 1
    assert result.err == "Error: cannot be reached: connection refused (http://127.0.0.1:1/public/v1/accounts)\n"


def test_a_key_goes_unencrypted_to_this_machine_only(ccli: Ccli) -> None:
    result = ccli("account", "add", KEY, "-e", "http://api.example.com")
    assert result.status == 1
    assert "would send the API key unencrypted" in result.err


@pytest.fixture
def tls_platform(tmp_path: Path) -> Any:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    platform = Platform(collections={"accounts": [{"id": "PA-1", "name": "Dist"}]})
    server = serve(platform, context)
    yield platform
    server.shutdown()
    server.server_close()


def test_an_unknown_authority_is_named_with_the_option_that_helps(ccli: Ccli, tls_platform: Platform) -> None:
    result = ccli("account", "add", KEY, "-e", tls_platform.endpoint)
    assert result.status == 1
    assert "not trusted; name its authority with --ca-file" in result.err


def test_the_authority_is_kept_beside_the_accounts(
    ccli: Ccli, home: Path, tmp_path: Path, tls_platform: Platform
) -> None:
    result = ccli("account", "add", KEY, "-e", tls_platform.endpoint, "--ca-file", tmp_path / "ca.pem")
    assert result.status == 0
    assert set(config(home)["accounts"][0]) == {"api_key", "endpoint", "id", "name"}
    assert json.loads((home / ".ccli" / "ca-files.json").read_text()) == {"PA-1": str(tmp_path / "ca.pem")}
    assert ccli("account", "remove", "PA-1").status == 0
    assert json.loads((home / ".ccli" / "ca-files.json").read_text()) == {}


def test_the_running_local_platform_s_authority_is_found(
    ccli: Ccli, home: Path, tmp_path: Path, tls_platform: Platform
) -> None:
    import os

    discovery = home / ".local" / "state" / "connect-devops" / "discovery.json"
    discovery.parent.mkdir(parents=True)
    facts = {"url": "http://127.0.0.1:1", "https_url": tls_platform.url, "ca_file": str(tmp_path / "ca.pem")}
    discovery.write_text(json.dumps({**facts, "pid": os.getpid()}))
    assert ccli("account", "add", KEY, "-e", tls_platform.endpoint).status == 0


def add(ccli: Ccli, platform: Platform, identifier: str, name: str = "Name") -> None:
    platform.collections["accounts"] = [{"id": identifier, "name": name}]
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0


def test_accounts_are_listed_activated_and_removed(ccli: Ccli, platform: Platform) -> None:
    add(ccli, platform, "VA-1", "First")
    add(ccli, platform, "VA-2", "Second")
    assert ccli("account", "activate", "VA-2").out == "Account VA-2 (Second) is active.\n"
    rows = json.loads(ccli("account", "list", "-o", "json").out)
    assert rows == [
        {"id": "VA-1", "name": "First", "endpoint": platform.endpoint, "active": False},
        {"id": "VA-2", "name": "Second", "endpoint": platform.endpoint, "active": True},
    ]
    table = ccli("account", "list").out.splitlines()
    assert table[0].split() == ["ID", "Name", "Endpoint", "Active"]
    assert table[2].split() == ["VA-2", "Second", platform.endpoint, "✓"]
    assert "Active now: VA-1 (First)." in ccli("account", "remove", "VA-2").out
    assert ccli("-s", "account", "remove", "VA-1").out == ""
    assert ccli("account", "list", "-o", "json").out == "[]\n"
    empty = ccli("account", "list")
    assert (empty.status, empty.err) == (1, "Error: no account is stored: run 'ccli account add'\n")


def test_adding_again_replaces(ccli: Ccli, home: Path, platform: Platform) -> None:
    add(ccli, platform, "VA-1", "Old")
    add(ccli, platform, "VA-1", "New")
    assert [item["name"] for item in config(home)["accounts"]] == ["New"]


@pytest.mark.parametrize("verb", ["activate", "remove"])
def test_an_unknown_account_is_answered_with_those_that_are_known(ccli: Ccli, platform: Platform, verb: str) -> None:
    add(ccli, platform, "VA-1")
    result = ccli("account", verb, "VA-9")
    assert (result.status, result.err) == (1, "Error: there is no account 'VA-9'. Stored: VA-1.\n")


def test_unknown_keys_of_the_file_are_kept(ccli: Ccli, home: Path, platform: Platform) -> None:
    folder = home / ".ccli"
    folder.mkdir()
    entry = {"api_key": "ApiKey a:b", "endpoint": "https://x/public/v1", "id": "VA-7", "name": "N", "colour": "red"}
    (folder / "config.json").write_text(json.dumps({"active": "VA-7", "accounts": [entry], "theme": {"dark": True}}))
    add(ccli, platform, "VA-1")
    assert config(home)["theme"] == {"dark": True}
    assert config(home)["accounts"][0] == entry
    assert config(home)["active"] == "VA-7"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "must hold a JSON object"),
        ('{"accounts": {}}', "'accounts' must be a list"),
        ('{"accounts": [1]}', "accounts[0] must be an object"),
        ('{"accounts": [{"id": "VA-1"}]}', "accounts[0].api_key must be a text"),
    ],
)
def test_a_broken_file_is_named_and_left_alone(ccli: Ccli, home: Path, text: str, message: str) -> None:
    path = home / ".ccli" / "config.json"
    path.parent.mkdir()
    path.write_text(text)
    for arguments in (("list",), ("activate", "VA-1")):
        result = ccli("account", *arguments)
        assert result.status == 1
        assert str(path) in result.err
        assert message in result.err
    assert path.read_text() == text


def test_the_key_can_come_from_standard_input(
    ccli: Ccli, home: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(KEY + "\n"))
    assert ccli("account", "add", "-", "-e", platform.endpoint).status == 0
    assert config(home)["accounts"][0]["api_key"] == KEY


def test_without_a_key_and_a_terminal_nothing_is_asked(ccli: Ccli, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    result = ccli("account", "add")
    assert (result.status, result.out) == (1, "")
    assert "'-' to read it from standard input" in result.err
    assert "this is no API key" in ccli("account", "add", "-").err


def test_another_configuration_folder(ccli: Ccli, tmp_path: Path, platform: Platform) -> None:
    assert ccli("-c", tmp_path / "other", "account", "add", KEY, "-e", platform.endpoint).status == 0
    assert (tmp_path / "other" / "config.json").exists()
