"""Whether an address under ``/static/`` leads to a file of the project."""

from __future__ import annotations

from pathlib import Path

from connect_eaas.descriptor import find

__all__ = ["PREFIX", "static_file"]

PREFIX = "/static/"


def static_file(cls: type, url: str) -> Path | None:
    """Return the existing file beside the module of ``cls`` to which ``url`` leads; None if there is none.

    An address outside of ``static/`` leads nowhere; what stands after ``?`` or ``#`` does not count.
    """
    beside = find(cls)
    if beside is None or not url.startswith(PREFIX) or "\0" in url:
        return None
    root = beside.parent / "static"
    path = (root / url[len(PREFIX) :].partition("#")[0].partition("?")[0]).resolve()
    return path if path.is_relative_to(root.resolve()) and path.is_file() else None
