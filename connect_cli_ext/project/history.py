"""What git knows about a project's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connect_cli_ext.project.git import run_git
from connect_cli_ext.project.marker import digest

__all__ = ["Pending", "content_with_digest", "pending"]


@dataclass(frozen=True)
class Pending:
    """What is not in a commit, by path relative to the project."""

    changed: frozenset[str] = frozenset()
    untracked: frozenset[str] = frozenset()
    repository: bool = True


def pending(project: Path) -> Pending:
    """Return what of ``project`` is not in a commit. Without git or a repository all files count as untracked."""
    status = _git(project, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", ".")
    prefix = _git(project, "rev-parse", "--show-prefix")
    if status is None or prefix is None:
        everything = frozenset(path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file())
        return Pending(untracked=everything, repository=False)
    inside = prefix.decode(errors="surrogateescape").strip()
    changed: set[str] = set()
    untracked: set[str] = set()
    for entry in status.decode(errors="surrogateescape").split("\0"):
        if entry:
            (untracked if entry.startswith("??") else changed).add(entry[3:].removeprefix(inside))
    return Pending(frozenset(changed), frozenset(untracked))


def content_with_digest(project: Path, path: str, wanted: str) -> bytes | None:
    """Return the committed content of ``path`` that has this digest, from whatever commit; None if there is none."""
    listed = _git(project, "rev-list", "--all", "--objects", "--", path)
    for line in (listed or b"").decode(errors="surrogateescape").splitlines():
        blob, _, name = line.partition(" ")
        if name == path or name.endswith(f"/{path}"):
            content = _git(project, "cat-file", "blob", blob)
            if content is not None and digest(content) == wanted:
                return content
    return None


def _git(project: Path, *arguments: str) -> bytes | None:
    done = run_git(project, *arguments)
    return done.stdout if done is not None and done.returncode == 0 else None
