"""Whether a method can be called as the runner calls handlers."""

from __future__ import annotations

import inspect

__all__ = ["call_problem"]


def call_problem(cls: type, name: str, *, also: str | None = None) -> str | None:
    """Say why ``cls.name`` cannot be called with one argument (and, by name, ``also``); None if it can."""
    attribute = inspect.getattr_static(cls, name, None)
    if isinstance(attribute, (staticmethod, classmethod)):
        kind = "static" if isinstance(attribute, staticmethod) else "class"
        return f"is a {kind} method: make it a plain method with self"
    if not callable(attribute):
        return "is no method"
    if inspect.isgeneratorfunction(attribute) or inspect.isasyncgenfunction(attribute):
        return "is a generator ('yield'): return a response instead"
    try:
        signature = inspect.signature(attribute)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(None, None, **({also: None} if also else {}))
    except TypeError:
        return f"must take one argument besides self, but is {name}{signature}"
    return None
