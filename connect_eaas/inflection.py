"""Makes ``import connect.client`` cheap.

The client's help texts use ``inflect``, whose import alone costs more than everything else together, and every client
makes an engine of it. Here the client gets a stand-in instead, which loads the real library when a help text first asks
for a word. Other users of ``inflect`` never see the stand-in.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from threading import RLock
from types import ModuleType
from typing import Any

__all__ = ["import_client"]

_NAME = "inflect"
_lock = RLock()


class _Engine:
    """Looks like ``inflect.engine()``; all engines share the real one, made at the first word."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_real_engine(), name)


class _StandIn(ModuleType):
    engine = _Engine

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real_module(), name)


def _real_module() -> ModuleType:
    with _lock:
        if isinstance(sys.modules.get(_NAME), _StandIn):
            del sys.modules[_NAME]
        return importlib.import_module(_NAME)


@cache
def _real_engine() -> Any:
    return _real_module().engine()


def import_client() -> ModuleType:
    """Import ``connect.client`` with the stand-in and return it; harmless if either is imported already."""
    with _lock:
        stand_in = _StandIn(_NAME)
        absent = _NAME not in sys.modules
        if absent:
            sys.modules[_NAME] = stand_in
        try:
            client = importlib.import_module("connect.client")
            formatter = importlib.import_module("connect.client.help_formatter")
        finally:
            if absent and sys.modules.get(_NAME) is stand_in:
                del sys.modules[_NAME]
        if not isinstance(vars(formatter).get(_NAME), _StandIn):
            vars(formatter)[_NAME] = stand_in
        return client
