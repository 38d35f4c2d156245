"""The file by which a project is known as one that was made here: ``.connect-extension.json`` in its folder.

It lists the files that were made with their digests, so that a project nobody has touched can be told from one with
somebody's work in it, and the answers without the ones that belong to a machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

__all__ = ["MARKER", "is_marked", "is_untouched", "write_marker"]

MARKER = ".connect-extension.json"

_LOCAL_ANSWERS = frozenset({"api_key", "environment_id", "server_address"})


def write_marker(project: Path, answers: Mapping[str, Any], sdk_version: str) -> None:
    """Describe the files of ``project`` as they are now, and the ``answers`` that they were made from.

    Raises:
        OSError: it cannot be written.
    """
    document = {
        "made_by": f"connect-extension-sdk {sdk_version}",
        "answers": {name: value for name, value in answers.items() if name not in _LOCAL_ANSWERS},
        "files": {path.relative_to(project).as_posix(): _digest(path) for path in _files(project)},
    }
    (project / MARKER).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def is_marked(project: Path) -> bool:
    """Whether ``project`` was made here."""
    return _read(project) is not None


def is_untouched(project: Path) -> bool:
    """Whether ``project`` holds what was made here and nothing else: no changed, added or removed file, no commit."""
    document = _read(project)
    if document is None:
        return False
    if (project / ".git" / "index").exists():
        return False
    listed: dict[str, Any] = document["files"]
    return listed == {path.relative_to(project).as_posix(): _digest(path) for path in _files(project)}


def _read(project: Path) -> dict[str, Any] | None:
    try:
        document = json.loads((project / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) and isinstance(document.get("files"), dict) else None


def _files(project: Path) -> Iterator[Path]:
    for path in sorted(project.rglob("*")):
        inside = path.relative_to(project).parts
        if inside[0] == ".git" or inside == (MARKER,):
            continue
        if path.is_symlink() or not path.is_dir():
            yield path


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"link:{path.readlink()}"
    return sha256(path.read_bytes()).hexdigest()
