"""Settings from environment variables: defaults, addresses, and errors that name the variable."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.runner.errors import SettingsError
from connect_eaas.runner.settings import Limits, read_settings

BASE = {"API_KEY": "ApiKey SU-1:very-secret", "ENVIRONMENT_ID": "ENV-1111-2222-01"}


def test_defaults() -> None:
    settings = read_settings(BASE)

    assert settings.websocket_url == "wss://api.cnct.info/public/v1/devops/ws"
    assert settings.api_url == "https://api.cnct.info/public/v1"
    assert settings.limits == Limits(background_s=300, interactive_s=120, scheduled_s=43_200)
    assert settings.instance_id is None
    assert not settings.loopback


@pytest.mark.parametrize(
    ("variables", "unsecure", "websocket", "api"),
    [
        ({"SERVER_ADDRESS": "host:8080"}, False, "wss://host:8080", "https://host:8080"),
        ({"SERVER_ADDRESS": "host:8080"}, True, "ws://host:8080", "http://host:8080"),
        ({"SERVER_ADDRESS": "http://host:8080"}, False, "ws://host:8080", "http://host:8080"),
        ({"SERVER_ADDRESS": "https://host/"}, False, "wss://host", "https://host"),
        ({"SERVER_ADDRESS": "a", "API_ADDRESS": "b:1"}, True, "ws://a", "https://b:1"),
        ({"SERVER_ADDRESS": "a", "API_ADDRESS": "http://b:1"}, False, "wss://a", "http://b:1"),
        ({"SERVER_ADDRESS": "[::1]:8080"}, True, "ws://[::1]:8080", "http://[::1]:8080"),
        ({}, True, "ws://api.cnct.info", "https://api.cnct.info"),
    ],
)
def test_addresses(variables: dict[str, str], unsecure: bool, websocket: str, api: str) -> None:
    settings = read_settings({**BASE, **variables}, unsecure=unsecure)

    assert settings.websocket_url == f"{websocket}/public/v1/devops/ws"
    assert settings.api_url == f"{api}/public/v1"


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost", "[::1]:80", "connect.localhost:1"])
def test_loopback(host: str) -> None:
    assert read_settings({**BASE, "SERVER_ADDRESS": host}).loopback


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVER_ADDRESS", "host name"),
        ("SERVER_ADDRESS", "ftp://host"),
        ("SERVER_ADDRESS", "host:99999"),
        ("SERVER_ADDRESS", "host/path"),
        ("SERVER_ADDRESS", "[host"),
        ("API_ADDRESS", "user@host"),
        ("ENVIRONMENT_ID", "../../etc"),
        ("ENVIRONMENT_ID", "ENV 1"),
        ("API_KEY", "ApiKey SU-1:se\ncret"),
        ("BACKGROUND_TASK_MAX_EXECUTION_TIME", "5 minutes"),
        ("INTERACTIVE_TASK_MAX_EXECUTION_TIME", "0"),
        ("SCHEDULED_TASK_MAX_EXECUTION_TIME", "-1"),
        ("CONNECT_STOP_TIMEOUT", "1.5"),
        ("CONNECT_MAX_RUNNING_TASKS", "²"),
        ("CONNECT_MAX_RUNNING_SCHEDULED_TASKS", "0"),
        ("CONNECT_CA_FILE", "/no/such/file.pem"),
    ],
)
def test_wrong_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        read_settings({**BASE, name: value})
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("key", ["ApiKey SU-1:x", "ApiKey XXXX:xxxx", "apikey SU-000-000-000:a b", " ApiKey SU-1:x "])
def test_key_with_its_scheme_is_taken(key: str) -> None:
    assert read_settings({**BASE, "API_KEY": key}).api_key == key.strip()


@pytest.mark.parametrize("key", ["nope", "SU-1:secret", "ApiKey", "ApiKey secret", "ApiKey SU-1:", "Basic a:secret"])
def test_another_key_is_refused_with_where_it_came_from(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({**BASE, "API_KEY": key}, origins={"API_KEY": "the env file x.env"})
    assert str(caught.value).startswith("API_KEY (from the env file x.env): expected the whole key with its scheme")
    assert "secret" not in str(caught.value)
    assert "nope" not in str(caught.value)


def test_a_category_may_have_a_number_of_its_own() -> None:
    limits = read_settings(
        {**BASE, "CONNECT_MAX_RUNNING_TASKS": "7", "CONNECT_MAX_RUNNING_SCHEDULED_TASKS": "2"}
    ).limits

    assert [limits.at_once(name) for name in ("background", "interactive", "scheduled", "transformation")] == [
        7,
        7,
        2,
        7,
    ]


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, "API_KEY and ENVIRONMENT_ID are"),
        ({"API_KEY": "x"}, "ENVIRONMENT_ID is"),
        ({**BASE, "API_KEY": " "}, "API_KEY is"),
    ],
)
def test_missing_variables_are_named(variables: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        read_settings(variables)


def test_own_ca_file_wins(tmp_path: Path) -> None:
    own, other = tmp_path / "own.pem", tmp_path / "other.pem"
    own.touch()
    other.touch()
    variables = {**BASE, "CONNECT_CA_FILE": str(own), "REQUESTS_CA_BUNDLE": str(other)}

    assert read_settings(variables).ca_file == own
    assert read_settings({**BASE, "SSL_CERT_FILE": str(other)}).ca_file == other


def test_key_is_not_shown() -> None:
    assert "very-secret" not in repr(read_settings(BASE))


@given(st.text(max_size=30))
def test_any_address_is_taken_or_refused_by_name(address: str) -> None:
    refusal, settings = None, None
    try:
        settings = read_settings({**BASE, "SERVER_ADDRESS": address})
    except SettingsError as error:
        refusal = str(error)
    if settings is None:
        assert "SERVER_ADDRESS" in (refusal or "")
    else:
        assert settings.websocket_url.startswith(("ws://", "wss://"))
        assert settings.websocket_url.count("//") == 1
