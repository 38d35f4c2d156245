"""Calls that leave through an account's egress proxy, by mutual TLS (``reference/sdk-api.md`` section 10)."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from connect_eaas import constants
from connect_eaas.client import ConnectClient
from connect_eaas.models import EgressProxy, EgressProxyCertificates

__all__ = ["EgressProxyClient"]

_PROXIES: Final = "EGRESS_PROXIES_CONFIG"


class EgressProxyClient(ConnectClient):  # type: ignore[misc]
    """An API client whose calls a proxy forwards to another host.

    The certificates lie in a directory that only this user can read, and only as long as the client lives.
    """

    PROXY_PATH = constants.EGRESS_PROXY_DEFAULT_PATH

    def __init__(self, proxy: EgressProxy, certificates: EgressProxyCertificates) -> None:
        super().__init__(
            None, endpoint=proxy.url, use_specs=False, max_retries=constants.EGRESS_PROXY_DEFAULT_MAX_RETRIES
        )
        self.proxy = proxy
        directory = Path(tempfile.mkdtemp(prefix="connect-egress-"))
        weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)
        certificate = _write(directory / "client_cert.pem", certificates.client_cert)
        key = _write(directory / "client_key.pem", certificates.client_key)
        self._tls = {"cert": (certificate, key), "verify": _write(directory / "ca_cert.pem", certificates.ca_cert)}

    @classmethod
    def require_proxy(cls, account_id: str) -> dict[str, Any] | None:
        """Return the proxy's entry in the variable ``EGRESS_PROXIES_CONFIG``; None if the account needs no proxy.

        Raises:
            ValueError: the variable is no JSON object.
        """
        try:
            entries = json.loads(os.environ.get(_PROXIES) or "{}")
        except json.JSONDecodeError as error:
            raise ValueError(f"{_PROXIES}: not JSON: {error}") from None
        if not isinstance(entries, dict):
            raise ValueError(f"{_PROXIES}: expected an object with a proxy for each account")
        return entries.get(account_id)

    @classmethod
    def from_env(cls, account_id: str) -> EgressProxyClient:
        """Make the client of an account from the environment.

        Raises:
            ValueError: the account has no proxy there, or a certificate's variable is missing; names the variable.
        """
        entry = cls.require_proxy(account_id)
        if not isinstance(entry, dict):
            raise ValueError(f"{_PROXIES}: no proxy for the account {account_id}")
        missing = [name for name in ("id", "url") if not entry.get(name)]
        if missing:
            raise ValueError(f"{_PROXIES}: the proxy of {account_id} has no {missing[0]!r}")
        certificates = EgressProxyCertificates(
            client_cert=_variable(constants.EGRESS_PROXY_TLS_CLIENT_CERT_ENV_VAR),
            client_key=_variable(constants.EGRESS_PROXY_TLS_CLIENT_KEY_ENV_VAR),
            ca_cert=_variable(constants.EGRESS_PROXY_TLS_CA_CERT_ENV_VAR),
        )
        proxy = EgressProxy(entry["id"], entry["url"], account_id, entry.get("headers") or [])
        return cls(proxy, certificates)

    def send_proxied_request(self, *, target_url: str, target_method: str, **kwargs: Any) -> Any:
        """Call ``target_url`` through the proxy and return the answer as the API client does.

        Args:
            target_url: where the proxy sends the call.
            target_method: e.g. ``post``.
            kwargs: ``payload`` is the JSON body (nothing if empty); all others as in calls of the API client, e.g.
                ``headers``.

        Raises:
            ValueError: a header that the proxy requires is missing.
            ClientError: the call failed.
        """
        headers: Mapping[str, Any] = kwargs.pop("headers", None) or {}
        present = {name.lower() for name in headers}
        missing = [
            item["name"] for item in self.proxy.headers if item.get("required") and item["name"].lower() not in present
        ]
        if missing:
            raise ValueError(f"the proxy {self.proxy.id} requires the header {', '.join(map(repr, missing))}")
        payload = kwargs.pop("payload", None)
        if payload:
            kwargs["json"] = payload
        headers = {**headers, constants.EGRESS_PROXY_X_CONNECT_TARGET_URL_HEADER: target_url}
        return self.execute(target_method, self.PROXY_PATH, headers=headers, **self._tls, **kwargs)

    def _prepare_call_kwargs(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        prepared: dict[str, Any] = super()._prepare_call_kwargs(kwargs)
        headers = prepared["headers"]
        del headers["Authorization"]
        _, _, platform = headers[constants.EGRESS_PROXY_USER_AGENT_HEADER].partition("/")
        product = f"connect-egress-proxy-{self.proxy.id}"
        headers[constants.EGRESS_PROXY_USER_AGENT_HEADER] = f"{product}/{platform}"
        return prepared


def _write(path: Path, text: str) -> str:
    """Write a file that nobody else may read."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, encoding="utf-8")
    return str(path)


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise ValueError(f"the environment variable {name} is missing: it holds a certificate of the egress proxy")
    return value
