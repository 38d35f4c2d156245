"""Text in a workbook's XML: entities, and the ``_x000D_`` escapes for what XML cannot hold (ECMA-376, ST_Xstring)."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MAX_CELL_LENGTH", "decode", "decode_escapes", "encode"]

MAX_CELL_LENGTH: Final = 32_767
"""Characters that one cell can hold, by the format's specification."""

_ENTITY: Final = re.compile(r"&(#x[0-9A-Fa-f]+|#[0-9]+|amp|lt|gt|quot|apos);")
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Characters that need care; most texts have none, and one search tells.
_CAREFUL: Final = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff￾￿]|_x[0-9A-Fa-f]{4}_|^\\s|\\s$|[\n\t]")
_SPACED: Final = re.compile("^\\s|\\s$|[\n\t]")
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff￾￿]")
_LOOKS_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def _entity(found: re.Match[str]) -> str:
    name = found[1]
    if name[0] != "#":
        return _NAMED[name]
    return chr(int(name[2:], 16) if name[1] in "xX" else int(name[1:]))


def decode_escapes(text: str) -> str:
    """Resolve ``_xHHHH_``."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def decode(raw: str) -> str:
    """The text of a piece of XML without markup."""
    if "&" in raw:
        raw = _ENTITY.sub(_entity, raw)
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), raw) if "_x" in raw else raw


def encode(text: str) -> tuple[str, bool]:
    """The text as XML, and whether its white space has to be marked as to be kept."""
    if _CAREFUL.search(text) is None:
        return text, False
    spaced = _SPACED.search(text) is not None
    text = _LOOKS_ESCAPED.sub("_x005F_", text)
    text = _FORBIDDEN.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), spaced
