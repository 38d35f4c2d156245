"""Which addresses are those of the platform on this machine."""

from __future__ import annotations

import pytest

from connect_cli_ext.discovery import LocalPlatform

PLATFORM = LocalPlatform("http://127.0.0.1:8088", "https://127.0.0.1:8089", "/ca.pem", None)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST", "localhost.", "env-1-dev.localhost", "[::1]", "127.9.9.9"]
)
def test_every_name_of_the_loopback_is_the_platform(host: str) -> None:
    assert PLATFORM.serves(f"https://{host}:8089/public/v1")
    assert PLATFORM.serves(f"http://{host}:8088")
    assert not PLATFORM.serves(f"https://{host}:8088")
    assert not PLATFORM.serves(f"https://{host}")


@pytest.mark.parametrize(
    "address",
    [
        "https://notlocalhost:8089",
        "https://localhost.example.com:8089",
        "https://192.0.2.1:8089",
        "https://[::2]:8089",
        "https://localhost:port",
        "https://[::1",
        "localhost:8089",
        "",
    ],
)
def test_other_addresses_are_not(address: str) -> None:
    assert not PLATFORM.serves(address)


def test_usual_ports_need_not_be_named() -> None:
    platform = LocalPlatform("http://0.0.0.0:80", "https://devops.example", None, None)
    assert platform.serves("https://devops.example:443/public/v1")
    assert platform.serves("http://0.0.0.0")
    assert not platform.serves("https://localhost")
