"""Takes a raw query string apart: RQL, and the plain parameters ``limit``, ``offset`` and ``search``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote, unquote_plus

from connect_devops.rql.errors import RqlError
from connect_devops.rql.parser import parse
from connect_devops.rql.syntax import And, Comparison, Node, Query

__all__ = ["DEFAULT_LIMIT", "MAX_LIMIT", "ListRequest", "read_list_request"]

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000

_PLAIN: Final = re.compile(r"(limit|offset|search)=([^&]*)")


@dataclass(frozen=True)
class ListRequest:
    """What a client asks of a list.

    ``limit`` may be 0: the client wants the total only.
    """

    query: Query
    limit: int
    offset: int
    search: str | None = None

    def and_eq(self, name: str, value: str) -> ListRequest:
        """The same request, with the further condition that a property has a value."""
        added: Node = Comparison(name, "eq", value)
        where = added if self.query.where is None else And((self.query.where, added))
        return replace(self, query=replace(self.query, where=where))


def read_list_request(
    raw: str | bytes, *, default_limit: int = DEFAULT_LIMIT, max_limit: int = MAX_LIMIT
) -> ListRequest:
    """Read the raw, still percent-encoded query string of a list call.

    A limit above ``max_limit`` is cut down and a malformed limit or offset is ignored
    (``reference/devops-api.md`` section 1, Pagination). RQL is decoded exactly once; a plus sign stays a plus sign
    there, because clients send dates with offsets unencoded.

    Raises:
        RqlError: the RQL part is malformed, or there is a character 0 somewhere.
    """
    text = raw.decode("ascii", "replace") if isinstance(raw, bytes) else raw
    if "\0" in unquote(text):
        # PostgreSQL has no such character, so nothing stored could match.
        raise RqlError("the character 0 is not allowed", position=unquote(text).index("\0"))
    rql: list[str] = []
    plain: dict[str, str] = {}
    for part in _split(text):
        if match := _PLAIN.fullmatch(part):
            plain[match[1]] = match[2]
        elif part:
            rql.append(part)
    limit = _count(plain.get("limit"), default_limit)
    return ListRequest(
        query=parse(unquote("&".join(rql))),
        limit=min(limit, max_limit),
        offset=_count(plain.get("offset"), 0),
        search=unquote_plus(plain["search"]) or None if "search" in plain else None,
    )


def _count(text: str | None, default: int) -> int:
    # isascii: int() also reads digits of other scripts; the length bounds what the database can take.
    if text is not None and text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    return default


def _split(text: str) -> list[str]:
    """Split at the ampersands that are outside of brackets and quotes."""
    parts: list[str] = []
    start = position = depth = 0
    while position < len(text):
        if position == start and (plain := _PLAIN.match(text, position)):
            position = plain.end()
            if position >= len(text):
                break
        character = text[position]
        if character in "\"'" and position and text[position - 1] in "(,=":
            closing = text.find(character, position + 1)
            position = closing if closing >= 0 else position
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif character == "&" and depth == 0:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    parts.append(text[start:])
    return parts
