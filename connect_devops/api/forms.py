"""Files in ``multipart/form-data`` bodies."""

from __future__ import annotations

import base64
from typing import Any, Final

from python_multipart import create_form_parser
from python_multipart.exceptions import FormParserError

from connect_devops.api.calls import Call
from connect_devops.domain.errors import ValidationError

__all__ = ["is_form", "read_picture"]

_PICTURES: Final[dict[str, tuple[bytes, ...]]] = {
    "image/png": (b"\x89PNG\r\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/svg+xml": (b"<svg", b"<?xml"),
}


def is_form(call: Call) -> bool:
    """Whether the body is a form with files."""
    return call.headers.get("content-type", "").lower().startswith("multipart/form-data")


def read_picture(call: Call, name: str) -> str:
    """Return the picture in the form's field as a data URL.

    Raises:
        ValidationError: the form cannot be read, has no such file, or the file is no picture.
    """
    content = _file(call, name)
    start = content.lstrip()[:8]
    kind = next((kind for kind, marks in _PICTURES.items() if start.startswith(marks)), None)
    if kind is None:
        raise ValidationError.of(name, "Expected a picture: PNG, JPEG, GIF or SVG.")
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _file(call: Call, name: str) -> bytes:
    files: list[Any] = []
    headers = {"Content-Type": call.headers["content-type"].encode("latin-1")}
    try:
        parser = create_form_parser(headers, lambda field: None, files.append)
        parser.write(call.body)
        parser.finalize()
        for file in files:
            if file.field_name == name.encode():
                file.file_object.seek(0)
                return bytes(file.file_object.read())
    except (FormParserError, ValueError) as error:
        raise ValidationError.of(name, f"The form cannot be read: {error}") from error
    finally:
        # Not as they come: the parser still flushes them.
        for file in files:
            file.close()
    raise ValidationError.of(name, "This file is required.")
