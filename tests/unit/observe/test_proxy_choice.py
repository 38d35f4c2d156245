from __future__ import annotations

import pytest

from connect_eaas.runner.errors import SettingsError
from connect_eaas.runner.proxies import session_proxy, without_proxy_for
from connect_eaas.runner.settings import read_settings

TLS = "wss://api.example.com:8443/public/v1/devops/ws"
PLAIN = "ws://api.example.com/public/v1/devops/ws"
CREDENTIALS = {"API_KEY": "ApiKey SU-000-000-000:x", "ENVIRONMENT_ID": "ENV-1111-2222-01"}


@pytest.mark.parametrize(
    ("variables", "url", "expected"),
    [
        ({}, TLS, None),
        ({"HTTPS_PROXY": "http://one:3128"}, TLS, "http://one:3128"),
        ({"HTTPS_PROXY": "http://one:3128", "https_proxy": "http://two:3128"}, TLS, "http://two:3128"),
        ({"HTTP_PROXY": "http://one:3128"}, TLS, None),
        ({"HTTP_PROXY": "http://one:3128"}, PLAIN, "http://one:3128"),
        ({"ALL_PROXY": "socks5h://one:1080"}, TLS, "socks5h://one:1080"),
        ({"ALL_PROXY": "socks5h://one:1080", "HTTPS_PROXY": "http://two:3128"}, TLS, "http://two:3128"),
        ({"WSS_PROXY": "http://own:3128", "HTTPS_PROXY": "http://two:3128"}, TLS, "http://own:3128"),
        ({"HTTPS_PROXY": "one:3128"}, TLS, "http://one:3128"),
        ({"SOCKS_PROXY": "one:1080"}, TLS, "socks5h://one:1080"),
    ],
)
def test_variable_that_counts(variables: dict[str, str], url: str, expected: str | None) -> None:
    assert session_proxy(variables, url) == expected


@pytest.mark.parametrize(
    ("no_proxy", "direct"),
    [
        ("*", True),
        ("api.example.com", True),
        ("API.Example.com", True),
        ("example.com", True),
        (".example.com", True),
        ("*.example.com", True),
        ("other.org, api.example.com:8443", True),
        ("api.example.com:443", False),
        ("ample.com", False),
        ("example.org", False),
        ("", False),
        (",,", False),
    ],
)
def test_hosts_without_a_proxy(no_proxy: str, direct: bool) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        chosen = session_proxy({"HTTPS_PROXY": "http://one:3128", name: no_proxy}, TLS)
        assert (chosen is None) is direct


@pytest.mark.parametrize(("network", "direct"), [("10.0.0.0/8", True), ("10.1.2.3", True), ("192.168.0.0/16", False)])
def test_networks_without_a_proxy(network: str, direct: bool) -> None:
    chosen = session_proxy({"HTTPS_PROXY": "http://one:3128", "NO_PROXY": network}, "wss://10.1.2.3/x")
    assert (chosen is None) is direct


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("ftp://user:hidden@one:21", "known are http"),
        ("http://", "expected a proxy like"),
        ("http://user@one:3128", "password is missing"),
        ("http://user:hidden@one:port", "expected a proxy like"),
        ("http://user:hidden@one:3128/path", "expected a proxy like"),
        ("socks4://user:hidden@one:1080", "not socks4"),
    ],
)
def test_wrong_proxy_is_named_without_its_password(value: str, why: str) -> None:
    with pytest.raises(SettingsError, match="https_proxy") as raised:
        read_settings({**CREDENTIALS, "https_proxy": value})
    assert why in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_settings_do_not_show_the_proxy_and_spare_platforms_on_this_machine() -> None:
    proxy = {"HTTPS_PROXY": "http://user:hidden@one:3128", "HTTP_PROXY": "http://user:hidden@one:3128"}
    away = read_settings({**CREDENTIALS, **proxy, "SERVER_ADDRESS": "api.example.com:8443"})
    assert away.proxy == proxy["HTTPS_PROXY"]
    assert "hidden" not in repr(away)
    assert away.local_api_host is None
    local = read_settings({**CREDENTIALS, **proxy, "SERVER_ADDRESS": "http://localhost:8080"})
    assert (local.proxy, local.local_api_host) == (None, "localhost")


def test_host_is_added_to_those_without_a_proxy() -> None:
    assert without_proxy_for({"no_proxy": "a.b"}, "localhost") == {"no_proxy": "a.b,localhost"}
    assert without_proxy_for({}, "localhost") == {"NO_PROXY": "localhost"}


def test_user_and_password_reach_the_proxy_unquoted() -> None:
    from websockets.proxy import parse_proxy

    chosen = session_proxy({"HTTPS_PROXY": "http://us%40er:pass%20w%25rd@one:3128"}, TLS)
    assert chosen is not None
    proxy = parse_proxy(chosen)
    assert (proxy.username, proxy.password, proxy.host, proxy.port) == ("us@er", "pass w%rd", "one", 3128)
