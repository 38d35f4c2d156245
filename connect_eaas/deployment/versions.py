"""Tags that name a version of an extension: ``1.2``, ``v1.2`` or ``1.2.3`` (``reference/cli.md`` 4.6)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["ConnectVersionTag", "sort_tags"]

_VERSION: Final = re.compile(r"v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?", re.ASCII)


class ConnectVersionTag(str):
    """A tag that is a version; still a text, with its numbers at hand.

    Raises:
        ValueError: the text is no ``v?N.N[.N]``.
    """

    __slots__ = ("version",)

    version: tuple[int, int, int]
    """Major, minor, patch; a patch that the tag leaves out is 0."""

    def __new__(cls, tag: str) -> ConnectVersionTag:
        match = _VERSION.fullmatch(tag)
        if match is None:
            raise ValueError(f"{tag!r}: a version's tag looks like 1.2, v1.2 or 1.2.3")
        found = super().__new__(cls, tag)
        found.version = (int(match[1]), int(match[2]), int(match[3] or 0))
        return found


def sort_tags(tags: Iterable[str]) -> list[ConnectVersionTag]:
    """Return the tags that are versions, the newest first; others are left out.

    Of several spellings of one version (``v1.2``, ``1.2``, ``1.2.0``) the order is that of the texts.
    """
    versions = [ConnectVersionTag(tag) for tag in tags if _VERSION.fullmatch(tag)]
    return sorted(versions, key=lambda tag: (tuple(-number for number in tag.version), str(tag)))
