"""What the template rendered, kept with the project as ``.connect-extension.base``.

It is the common ancestor when a newer template is merged in. The file holds the sources only: JSON of path and text,
compressed, in lines of base64, so that git and editors take it for text. The same content gives the same file.
"""

from __future__ import annotations

import base64
import binascii
import json
import lzma
import textwrap
from collections.abc import Mapping
from typing import Final

from connect_cli_ext.project.merge import is_source

__all__ = ["BASE", "dump_base", "load_base"]

BASE: Final = ".connect-extension.base"
_HEAD: Final = (
    "# Made by ccli: the project as its template rendered it, from which `ccli project extension update` tells your\n"
    "# changes. Commit it and leave it as it is.\n"
)
# The presets would fill hundreds of megabytes of memory for a file of some hundred kilobytes.
_FILTERS: Final = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 20}]
# A project's sources are far below; a file that unpacks to more is not ours.
_MOST_BYTES: Final = 32 * 1024 * 1024


def dump_base(files: Mapping[str, bytes]) -> str:
    """Return the file's text for what was rendered. Built files and env files, which hold a key, are left out."""
    kept: dict[str, str] = {}
    for path, content in files.items():
        if is_source(path, content) and not path.endswith("env"):
            try:
                kept[path] = content.decode("utf-8")
            except UnicodeDecodeError:
                continue
    packed = lzma.compress(json.dumps(kept, sort_keys=True).encode(), format=lzma.FORMAT_XZ, filters=_FILTERS)
    return _HEAD + "\n".join(textwrap.wrap(base64.b64encode(packed).decode("ascii"), 100)) + "\n"


def load_base(text: str) -> dict[str, bytes] | None:
    """Return path and content of the sources; None if the text is no such file."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    try:
        packed = base64.b64decode("".join(lines), validate=True)
        unpacked = lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(packed, _MOST_BYTES)
        document = json.loads(unpacked)
    except (binascii.Error, lzma.LZMAError, EOFError, ValueError):
        return None
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        return None
    return {path: value.encode() for path, value in document.items()}
