"""Values that handlers receive (reference/sdk-api.md section 6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Context", "EgressProxy", "EgressProxyCertificates"]


@dataclass
class Context:
    """Where a handler runs: ids of the extension and the environment, and its type (development, test, production)."""

    extension_id: str
    environment_id: str
    environment_type: str


@dataclass
class EgressProxy:
    """A proxy through which calls of one account leave; ``headers`` lists ``{"name", "required"}``."""

    id: str
    url: str
    owner_id: str
    headers: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class EgressProxyCertificates:
    """The three PEM texts for mutual TLS with an egress proxy."""

    client_cert: str = field(repr=False)
    client_key: str = field(repr=False)
    ca_cert: str = field(repr=False)
