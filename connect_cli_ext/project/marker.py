"""The file by which a project is known as one that was made here: ``.connect-extension.json`` in its folder.

It lists the files that were made with their digests, so that a project nobody has touched can be told from one with
somebody's work in it, and the answers without the ones that belong to a machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from connect_cli_ext.project.base import BASE, dump_base

__all__ = ["MARKER", "Marker", "digest", "is_marked", "is_untouched", "marker_text", "read_marker", "write_marker"]

MARKER = ".connect-extension.json"

_LOCAL_ANSWERS = frozenset({"api_key", "environment_id", "server_address"})


@dataclass(frozen=True)
class Marker:
    """What the file says.

    Args:
        made_by: the SDK and its version.
        answers: what the project was made from.
        files: digest of each file as it was rendered, by path.
    """

    made_by: str
    answers: Mapping[str, Any]
    files: Mapping[str, str]

    @property
    def version(self) -> str:
        """The SDK's version that rendered the project."""
        return self.made_by.rpartition(" ")[2]


def write_marker(project: Path, answers: Mapping[str, Any], sdk_version: str) -> None:
    """Describe the files of ``project`` as they are now, and the ``answers`` that they were made from.

    Beside it goes what they are, for later merges (see `connect_cli_ext.project.base`).

    Raises:
        OSError: it cannot be written.
    """
    files: dict[str, str] = {}
    content: dict[str, bytes] = {}
    for path in _files(project):
        name = path.relative_to(project).as_posix()
        if path.is_symlink():
            files[name] = _digest(path)
        else:
            content[name] = path.read_bytes()
            files[name] = digest(content[name])
    (project / MARKER).write_text(marker_text(answers, files, sdk_version), encoding="utf-8")
    (project / BASE).write_text(dump_base(content), encoding="utf-8")


def marker_text(answers: Mapping[str, Any], files: Mapping[str, str], sdk_version: str) -> str:
    """Return the file's text; answers that belong to a machine are left out."""
    document = {
        "made_by": f"connect-extension-sdk {sdk_version}",
        "answers": {name: value for name, value in answers.items() if name not in _LOCAL_ANSWERS},
        "files": dict(files),
    }
    return json.dumps(document, indent=2) + "\n"


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


def read_marker(project: Path) -> Marker | None:
    """Return what the project's file says; None if there is none, or none that can be read."""
    document = _read(project)
    if document is None or not isinstance(document.get("answers"), dict):
        return None
    files = {path: value for path, value in document["files"].items() if isinstance(value, str)}
    return Marker(str(document.get("made_by") or ""), document["answers"], files)


def _read(project: Path) -> dict[str, Any] | None:
    try:
        document = json.loads((project / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) and isinstance(document.get("files"), dict) else None


def _files(project: Path) -> Iterator[Path]:
    for path in sorted(project.rglob("*")):
        inside = path.relative_to(project).parts
        if inside[0] == ".git" or inside in ((MARKER,), (BASE,)):
            continue
        if path.is_symlink() or not path.is_dir():
            yield path


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"link:{path.readlink()}"
    return digest(path.read_bytes())


def digest(content: bytes) -> str:
    """Return the digest by which a file's content is known in the marker."""
    return sha256(content).hexdigest()
