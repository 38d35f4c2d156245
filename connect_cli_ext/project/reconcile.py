"""What bringing a newer rendering of the template into a project means for each of its files.

Three versions count: the *base* as the template rendered it once, *mine* as the project has it now, and *theirs* as the
template renders it today. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import Enum
from pathlib import PurePosixPath
from typing import Final

from connect_cli_ext.project.changes import Changes
from connect_cli_ext.project.marker import digest
from connect_cli_ext.project.merge import Labels, is_source, merge
from connect_cli_ext.project.rendering import RenderedFile

__all__ = ["Base", "Outcome", "Plan", "Result", "reconcile"]

# As git has it: files that share half of their lines are one file under another name.
_ALIKE: Final = 0.5
_LEAST_BYTES: Final = 40


class Outcome(str, Enum):
    """What happens to a file."""

    ADDED = "added"
    UPDATED = "updated"
    MERGED = "merged"
    CONFLICT = "conflict"
    RENAMED = "renamed"
    REMOVED = "removed"
    BESIDE = "beside"
    KEPT = "kept"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Result:
    """The outcome for one file, and what a person should know about it."""

    path: str
    outcome: Outcome
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether somebody has to look at the file."""
        return self.outcome in (Outcome.CONFLICT, Outcome.BESIDE, Outcome.UNDECIDED)


@dataclass
class Plan:
    """What to tell, and what to write."""

    results: list[Result] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    at_stake: set[str] = field(default_factory=set)
    """Files of the project's people that would be rewritten or moved."""


class Base:
    """The older rendering, as far as it is known.

    Args:
        digests: digest of each file by path.
        contents: content of the files that were kept.
        find: looks elsewhere for the content of a path with a digest.
    """

    def __init__(
        self,
        digests: Mapping[str, str],
        contents: Mapping[str, bytes],
        find: Callable[[str, str], bytes | None] = lambda _path, _digest: None,
    ) -> None:
        self.digests = digests
        self._contents = contents
        self._find = find

    def __contains__(self, path: str) -> bool:
        return path in self.digests

    def content(self, path: str) -> bytes | None:
        """Return the content of ``path``, None if it is not known any more."""
        if path in self._contents:
            return self._contents[path]
        return self._find(path, self.digests[path]) if path in self.digests else None

    def is_content(self, path: str, content: bytes) -> bool:
        """Whether the template once rendered ``path`` so; line ends do not count."""
        wanted = self.digests.get(path)
        return wanted is not None and wanted in (digest(content), digest(content.replace(b"\r\n", b"\n")))


def reconcile(
    base: Base, mine: Mapping[str, bytes], theirs: Mapping[str, RenderedFile], labels: Labels, *, use_git: bool = True
) -> Plan:
    """Return what to do so that the project ``mine`` gets what changed from ``base`` to ``theirs``."""
    return _Reconciler(base, mine, theirs, labels, use_git).run()


class _Reconciler:
    def __init__(
        self, base: Base, mine: Mapping[str, bytes], theirs: Mapping[str, RenderedFile], labels: Labels, use_git: bool
    ) -> None:
        self.base, self.mine, self.theirs, self.labels, self.use_git = base, mine, theirs, labels, use_git
        self.plan = Plan()

    def run(self) -> Plan:
        renamed = self._renamed_by_the_template()
        for path in sorted({*self.base.digests, *self.theirs}):
            if path in renamed.values():
                continue
            if path in renamed:
                self._moved(path, renamed[path])
            elif path not in self.theirs:
                self._dropped(path)
            elif path not in self.base:
                self._new(path)
            elif not self.base.is_content(path, self.theirs[path].content):
                self._changed(path)
        self.plan.results.sort(key=lambda result: result.path)
        return self.plan

    def _tell(self, path: str, outcome: Outcome, note: str = "") -> None:
        self.plan.results.append(Result(path, outcome, note))

    def _write(self, path: str) -> None:
        self.plan.changes.write(path, self._as_in(path, self.theirs[path].content), self.theirs[path].mode)

    def _as_in(self, path: str, content: bytes) -> bytes:
        if b"\r\n" in self.mine.get(path, b"") and b"\r\n" not in content and is_source(path, content):
            return content.replace(b"\n", b"\r\n")
        return content

    def _dropped(self, path: str) -> None:
        if path not in self.mine:
            return
        if self.base.is_content(path, self.mine[path]):
            self.plan.changes.remove(path)
            self._tell(path, Outcome.REMOVED, "the template no longer has it")
        else:
            self._tell(path, Outcome.KEPT, "the template no longer has it, but you changed it")

    def _new(self, path: str) -> None:
        if path not in self.mine:
            self._write(path)
            self._tell(path, Outcome.ADDED)
        elif self.mine[path].replace(b"\r\n", b"\n") != self.theirs[path].content:
            self._beside(path, "the template has a file of this name now, and so have you")

    def _beside(self, path: str, why: str) -> None:
        self.plan.changes.write(f"{path}.new", self.theirs[path].content, self.theirs[path].mode)
        self._tell(path, Outcome.BESIDE, f"{why}; the template's is {path}.new")

    def _changed(self, path: str) -> None:
        other = self.theirs[path].content
        if path not in self.mine:
            successor = self._renamed_by_its_people(path)
            if successor is None:
                self._tell(path, Outcome.KEPT, "the template changed it, but you removed it")
            else:
                self._merge(path, successor, successor, self.mine[successor], f"was {path} in the template")
            return
        own = self.mine[path]
        if own.replace(b"\r\n", b"\n") == other:
            return
        if self.base.is_content(path, own):
            self._write(path)
            self._tell(path, Outcome.UPDATED)
        elif is_source(path, own) and is_source(path, other):
            self._merge(path, path, path, own)
        else:
            self._beside(path, "it is a built file, and not as the template made it")

    def _merge(self, old: str, present: str, target: str, own: bytes, note: str = "") -> None:
        theirs = self.theirs[target] if target in self.theirs else self.theirs[old]
        merged = merge(self.base.content(old), own, theirs.content, self.labels, use_git=self.use_git)
        if merged.content == own and present == target:
            return
        self.plan.at_stake.add(present)
        self.plan.changes.write(target, merged.content, theirs.mode)
        if merged.conflicts:
            count = f"{merged.conflicts} place{'s' if merged.conflicts > 1 else ''} to decide"
            self._tell(target, Outcome.CONFLICT, f"{note}; {count}" if note else count)
        else:
            self._tell(target, Outcome.MERGED if present == target else Outcome.RENAMED, note)

    def _moved(self, old: str, new: str) -> None:
        if old not in self.mine:
            self._tell(new, Outcome.KEPT, f"the template moved {old} there, but you removed it")
            return
        if new in self.mine:
            self._beside(new, f"the template moved {old} there")
            return
        own = self.mine[old]
        if self.base.is_content(old, own):
            self._write(new)
            self._tell(new, Outcome.RENAMED, f"was {old}")
        elif is_source(old, own) and is_source(new, self.theirs[new].content):
            self._merge(old, old, new, own, f"was {old}")
        else:
            self._tell(old, Outcome.KEPT, f"the template has {new} instead")
            self._write(new)
            self._tell(new, Outcome.ADDED)
            return
        self.plan.changes.remove(old)

    def _renamed_by_the_template(self) -> dict[str, str]:
        gone = {path: self.base.content(path) for path in self.base.digests if path not in self.theirs}
        come = {path: file.content for path, file in self.theirs.items() if path not in self.base}
        return _pairs({path: content for path, content in gone.items() if content is not None}, come)

    def _renamed_by_its_people(self, path: str) -> str | None:
        old = self.base.content(path)
        if old is None:
            return None
        own = {
            name: content for name, content in self.mine.items() if name not in self.base and name not in self.theirs
        }
        return _pairs({path: old}, own).get(path)


def _pairs(gone: Mapping[str, bytes], come: Mapping[str, bytes]) -> dict[str, str]:
    """Return the new path of each file that is there under another name: the most alike of the same kind."""
    rated: list[tuple[float, str, str]] = []
    for old, before in gone.items():
        for new, after in come.items():
            if PurePosixPath(old).suffix == PurePosixPath(new).suffix and is_source(old, before):
                likeness = _likeness(before, after)
                if likeness >= _ALIKE:
                    rated.append((-likeness, old, new))
    found: dict[str, str] = {}
    for _, old, new in sorted(rated):
        if old not in found and new not in found.values():
            found[old] = new
    return found


def _likeness(before: bytes, after: bytes) -> float:
    if min(len(before), len(after)) < _LEAST_BYTES:
        return 0.0
    matcher = SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _ALIKE else 0.0
