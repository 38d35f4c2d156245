"""The modules that worker processes of every kind need: imported once by the supervisor, shared by all."""

from __future__ import annotations

import contextlib
import importlib
from typing import Final

from connect_eaas import inflection

__all__ = ["MODULES", "load"]

MODULES: Final = (
    "uvloop",
    "anyio._backends._asyncio",
    "connect_eaas.runner.worker",
    "connect_eaas.runner.events_session",
)
"""No module of the extension, and none that starts a thread when it is imported."""


def load() -> None:
    """Import them; those that are not installed here are left out."""
    inflection.import_client()
    for name in MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
