"""Identifiers of the platform's objects: a prefix and blocks of digits (``reference/devops-api.md`` section 2).

They are opaque to readers, but for one rule that clients rely on: an environment's id is its extension's digits plus
``-01``, ``-02`` or ``-03``, and schedules and instances carry their environment's digits.
"""

from __future__ import annotations

import random
import secrets
import uuid
from typing import Final

__all__ = ["Ids", "environment_id", "environment_reference", "instance_id", "schedule_id"]

_ENVIRONMENT_NUMBERS: Final = {"development": "01", "test": "02", "production": "03"}


def environment_id(extension_id: str, environment_type: str) -> str:
    """The id of one of the three environments of an extension, e.g. ``ENV-4400-0874-01``."""
    return f"ENV-{_digits(extension_id)}-{_ENVIRONMENT_NUMBERS[environment_type]}"


def schedule_id(environment: str, number: int) -> str:
    """The id of the ``number``-th schedule of an environment, e.g. ``EFS-4400-0874-01-0005``."""
    return f"EFS-{_digits(environment)}-{number:04d}"


def instance_id(environment: str, number: int) -> str:
    """The id of the ``number``-th instance of an environment, e.g. ``INS-4400-0874-01-000001``."""
    return f"INS-{_digits(environment)}-{number:06d}"


def environment_reference(text: str) -> str:
    """Normal form of either way to name an environment (its id, or its UUID in any spelling)."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return text.strip().upper()


def _digits(identifier: str) -> str:
    return identifier.partition("-")[2]


class Ids:
    """Makes new identifiers. ``seed`` makes them repeatable (tests, samples); secrets never are."""

    def __init__(self, seed: int | None = None) -> None:
        self._random: random.Random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 - names, no secrets

    def extension(self) -> str:
        """``SRVC-0000-0000``."""
        return f"SRVC-{self._blocks(4, 4)}"

    def authentication(self) -> str:
        """``EXT-000-000``: the extension as the authentication module knows it."""
        return f"EXT-{self._blocks(3, 3)}"

    def account(self, role: str) -> str:
        """``VA-000-000`` for a vendor, ``PA-000-000`` for a distributor or reseller."""
        return f"{'VA' if role == 'vendor' else 'PA'}-{self._blocks(3, 3)}"

    def service_user(self) -> str:
        """``SU-000-000-000``: the public half of an API key."""
        return f"SU-{self._blocks(3, 3, 3)}"

    def variable(self) -> str:
        """``VAR-0000-0000``."""
        return f"VAR-{self._blocks(4, 4)}"

    def installation(self) -> str:
        """``EIN-0000-0000-0000``."""
        return f"EIN-{self._blocks(4, 4, 4)}"

    def task(self) -> str:
        """``TQ-0000-0000-0000-0000``."""
        return f"TQ-{self._blocks(4, 4, 4, 4)}"

    def uuid(self) -> str:
        """A random UUID."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def lease(self) -> str:
        """Name of one lease; travels as ``options.correlation_id``."""
        return f"{self._random.getrandbits(128):032x}"

    def trace(self) -> str:
        """A W3C traceparent for a new task."""
        return f"00-{self._random.getrandbits(128) or 1:032x}-{self._random.getrandbits(64) or 1:016x}-01"

    def secret(self) -> str:
        """The secret half of an API key: 256 bits, always from the system's generator."""
        return secrets.token_urlsafe(32)

    def jwt_secret(self) -> str:
        """``JWT-`` and four groups of eight hexadecimal digits, always from the system's generator."""
        return "JWT-" + "-".join(secrets.token_hex(4) for _ in range(4))

    def _blocks(self, *lengths: int) -> str:
        return "-".join(f"{self._random.randrange(10**length):0{length}d}" for length in lengths)
