"""The egress proxy client against a server that demands a certificate."""

import gc
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from connect.client import ClientError
from sdk_small_api import Api, serving

from connect_eaas.egress import EgressProxyClient
from connect_eaas.models import EgressProxy, EgressProxyCertificates

TARGET = "https://erp.example.com/orders"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def proxy_server(authority: trustme.CA) -> Iterator[Api]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    with serving(tls) as api:
        yield api


@pytest.fixture
def environment(
    authority: trustme.CA, proxy_server: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> pytest.MonkeyPatch:
    issued = authority.issue_cert("extension@example.com")
    entry = {"id": "PRX-1", "url": proxy_server.endpoint, "headers": [{"name": "X-Tenant", "required": True}]}
    monkeypatch.setenv("EGRESS_PROXIES_CONFIG", json.dumps({"VA-1": entry}))
    monkeypatch.setenv("TLS_CLIENT_CERT", b"".join(pem.bytes() for pem in issued.cert_chain_pems).decode())
    monkeypatch.setenv("TLS_CLIENT_KEY", issued.private_key_pem.bytes().decode())
    monkeypatch.setenv("TLS_CA_CERT", authority.cert_pem.bytes().decode())
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return monkeypatch


def call(client: EgressProxyClient, **options: Any) -> Any:
    return client.send_proxied_request(target_url=TARGET, target_method="post", **options)


def test_a_call_goes_to_the_proxy_with_our_certificate_and_no_key(
    environment: pytest.MonkeyPatch, proxy_server: Api
) -> None:
    client = EgressProxyClient.from_env("VA-1")
    answer = call(client, payload={"order": 1}, headers={"x-tenant": "T"})
    assert answer["path"] == "/public/v1/proxy"
    method, path, headers = proxy_server.calls[-1]
    assert (method, path) == ("POST", "/public/v1/proxy")
    assert json.loads(proxy_server.bodies[-1]) == {"order": 1}
    assert headers["x-connect-target-url"] == TARGET
    assert headers["x-tenant"] == "T"
    assert headers["user-agent"].startswith("connect-egress-proxy-PRX-1/")
    assert "authorization" not in headers
    call(client, payload={}, headers={"X-Tenant": "T"})
    assert proxy_server.bodies[-1] == b""


def test_a_missing_required_header_is_named(environment: pytest.MonkeyPatch, proxy_server: Api) -> None:
    with pytest.raises(ValueError, match=r"PRX-1 requires the header 'X-Tenant'"):
        call(EgressProxyClient.from_env("VA-1"), payload={})
    assert proxy_server.calls == []


def test_certificates_are_private_and_vanish_with_the_client(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, second = EgressProxyClient.from_env("VA-1"), EgressProxyClient.from_env("VA-1")
    directories = list(tmp_path.glob("connect-egress-*"))
    assert len(directories) == 2
    for directory in directories:
        assert directory.stat().st_mode & 0o777 == 0o700
        assert {file.stat().st_mode & 0o777 for file in directory.iterdir()} == {0o600}
    del first, second
    gc.collect()
    assert list(tmp_path.glob("connect-egress-*")) == []


def test_another_certificate_is_refused(authority: trustme.CA, proxy_server: Api) -> None:
    stranger = trustme.CA().issue_cert("stranger@example.com")
    certificates = EgressProxyCertificates(
        stranger.cert_chain_pems[0].bytes().decode(),
        stranger.private_key_pem.bytes().decode(),
        authority.cert_pem.bytes().decode(),
    )
    client = EgressProxyClient(EgressProxy("PRX-1", proxy_server.endpoint, "VA-1"), certificates)
    client.max_retries = 0
    with pytest.raises(ClientError):
        call(client)
    assert "PRIVATE KEY" not in repr(certificates)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("EGRESS_PROXIES_CONFIG", "{", "EGRESS_PROXIES_CONFIG: not JSON"),
        ("EGRESS_PROXIES_CONFIG", "[]", "EGRESS_PROXIES_CONFIG: expected an object"),
        ("EGRESS_PROXIES_CONFIG", "", "no proxy for the account VA-1"),
        ("EGRESS_PROXIES_CONFIG", '{"VA-1": {"id": "x"}}', "of VA-1 has no 'url'"),
        ("TLS_CLIENT_KEY", "", "TLS_CLIENT_KEY is missing"),
    ],
)
def test_what_is_missing_is_named(environment: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(ValueError, match=words):
        EgressProxyClient.from_env("VA-1")


def test_an_account_without_a_proxy_needs_none(environment: pytest.MonkeyPatch) -> None:
    assert EgressProxyClient.require_proxy("VA-2") is None
    found = EgressProxyClient.require_proxy("VA-1")
    assert found is not None
    assert found["id"] == "PRX-1"
