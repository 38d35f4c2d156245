"""The modules that worker processes need: imported once by the supervisor, shared by all."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable
from typing import Final

from connect_eaas import inflection
from connect_eaas.runner.kinds import KINDS

__all__ = ["MODULES", "load"]

MODULES: Final = (
    "uvloop",
    "anyio._backends._asyncio",
    "connect_eaas.runner.worker",
)
"""For workers of every kind. No module of the extension, and none that starts a thread when it is imported."""


def load(kinds: Iterable[str]) -> None:
    """Import them, and what sessions of these kinds need; those that are not installed here are left out."""
    inflection.import_client()
    for name in (*MODULES, *dict.fromkeys(KINDS[kind].opener.partition(":")[0] for kind in kinds)):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
