"""Compiled files that the interpreter would take for fresh although the source was saved after them.

Python compares a source's time in whole seconds and its size. Code that is saved twice within a second with the same
length, as happens with live reload, would so be run in its older form.
"""

from __future__ import annotations

import contextlib
from importlib.util import cache_from_source, find_spec
from pathlib import Path

__all__ = ["forget_stale_bytecode"]


def forget_stale_bytecode(module_name: str, project: Path) -> None:
    """Remove compiled files of the module's top-level package that are older than their source.

    Only a package that lies in ``project`` is looked at; files that cannot be removed are left.
    """
    spec = find_spec(module_name.partition(".")[0])
    if spec is None:
        return
    folders = [Path(location) for location in spec.submodule_search_locations or ()]
    sources = [source for folder in folders if folder.is_relative_to(project) for source in folder.rglob("*.py")]
    if not folders and spec.origin and Path(spec.origin).is_relative_to(project):
        sources.append(Path(spec.origin))
    for source in sources:
        compiled = Path(cache_from_source(str(source)))
        # The file may be gone, or belong to somebody else: then nothing is lost but a second.
        with contextlib.suppress(OSError):
            if source.stat().st_mtime_ns >= compiled.stat().st_mtime_ns:
                compiled.unlink()
