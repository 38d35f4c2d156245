"""``extension.json``: who the extension is and, in old-style projects, what it can do.

Keys: ``reference/sdk-api.md`` section 15. All of them are optional here; rules about them are the validation's.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from connect_eaas.errors import DeclarationError, Problem

__all__ = ["FILE_NAME", "Descriptor", "find", "read"]

FILE_NAME: Final = "extension.json"


@dataclass(frozen=True)
class Descriptor:
    """The content of one ``extension.json``; without a file (``path`` None) everything is empty."""

    path: Path | None = None
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)

    @property
    def name(self) -> str | None:
        """The extension's name."""
        return self._text("name")

    @property
    def description(self) -> str | None:
        """What the extension is for."""
        return self._text("description")

    @property
    def version(self) -> str | None:
        """The extension's version."""
        return self._text("version")

    @property
    def readme_url(self) -> str | None:
        """Link shown in the environment's box."""
        return self._text("readme_url")

    @property
    def changelog_url(self) -> str | None:
        """Link shown in the environment's box."""
        return self._text("changelog_url")

    @property
    def icon(self) -> str | None:
        """Name of the web application's icon."""
        return self._text("icon")

    @property
    def audience(self) -> list[str] | None:
        """Roles of accounts that may install the extension: vendor, distributor, reseller."""
        value = self.content.get("audience")
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else None

    def line_of(self, *keys: str) -> int | None:
        """Return the line (from 1) on which the last of these nested keys stands, None if it is not found."""
        position = 0
        for key in keys:
            match = re.compile(re.escape(json.dumps(key)) + r"\s*:").search(self.text, position)
            if match is None:
                return None
            position = match.start()
        return self.text.count("\n", 0, position) + 1

    def problem(self, message: str, *keys: str, class_name: str | None = None, method: str | None = None) -> Problem:
        """Return a problem placed at these nested keys of this file."""
        return Problem(message, self.path, self.line_of(*keys) if keys else None, class_name, method)

    @classmethod
    def of(cls, application: type) -> Descriptor:
        """Read the file that lies beside the module of ``application``; empty if there is none.

        Raises:
            DeclarationError: the file cannot be read, or is no JSON object; names file and line.
        """
        path = find(application)
        return cls.load(path) if path is not None and path.is_file() else cls()

    @classmethod
    def load(cls, path: Path) -> Descriptor:
        """Read this file.

        Raises:
            DeclarationError: the file cannot be read, or is no JSON object; names file and line.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError as error:
            raise DeclarationError(Problem("the file does not exist", path)) from error
        except UnicodeDecodeError as error:
            raise DeclarationError(Problem(f"not UTF-8 text (byte {error.start})", path)) from error
        except OSError as error:
            raise DeclarationError(Problem(f"cannot be read: {error.strerror}", path)) from error
        try:
            content = json.loads(text, object_pairs_hook=_unique)
        except json.JSONDecodeError as error:
            raise DeclarationError(Problem(_explain(text, error), path, error.lineno)) from error
        except _RepeatedKeyError as error:
            line = _second_line_of(text, error.key)
            raise DeclarationError(Problem(f"the key {error.key!r} stands twice: remove one", path, line)) from error
        except RecursionError as error:
            raise DeclarationError(Problem("nested too deeply", path)) from error
        except ValueError as error:
            # A number of thousands of digits.
            raise DeclarationError(Problem(f"not JSON that can be read: {error}", path)) from error
        if not isinstance(content, dict):
            raise DeclarationError(Problem(f"expected a JSON object, got {_kind(content)}", path, 1))
        return cls(path, content, text)

    def _text(self, key: str) -> str | None:
        value = self.content.get(key)
        return value if isinstance(value, str) else None


def find(application: type) -> Path | None:
    """Return where the ``extension.json`` of ``application`` would lie; None if its module comes from no file."""
    file = getattr(sys.modules.get(application.__module__), "__file__", None)
    return Path(file).resolve().parent / FILE_NAME if file else None


def read(application: type) -> dict[str, Any]:
    """Read the plain content, anew at each call.

    Raises:
        FileNotFoundError: there is no such file.
        json.JSONDecodeError: it is no JSON; the text names file and line.
    """
    path = find(application)
    if path is None:
        raise FileNotFoundError(f"{application.__qualname__} comes from no file, so it has no {FILE_NAME}")
    text = path.read_text(encoding="utf-8-sig")
    try:
        content: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError as error:
        raise json.JSONDecodeError(f"{path}: {_explain(text, error)}", error.doc, error.pos) from None
    return content


class _RepeatedKeyError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _RepeatedKeyError(key)
        result[key] = value
    return result


def _second_line_of(text: str, key: str) -> int | None:
    found = [match.start() for match in re.finditer(re.escape(json.dumps(key)) + r"\s*:", text)]
    # Which of the places are in one object is not known here; with more than two, name none rather than a wrong one.
    return text.count("\n", 0, found[1]) + 1 if len(found) == 2 else None


def _explain(text: str, error: json.JSONDecodeError) -> str:
    lines = text.splitlines()
    line = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
    hint = " (JSON has no comments: remove them)" if "//" in line[max(error.colno - 1, 0) :][:2] else ""
    return f"not JSON: {error.msg}, column {error.colno}{hint}"


def _kind(value: object) -> str:
    return {list: "a list", str: "a text", type(None): "null", bool: "a boolean"}.get(type(value), "a number")
