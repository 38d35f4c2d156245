"""Values that are typed after an equals sign."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["json_or_text"]


def json_or_text(text: str) -> Any:
    """Return the JSON value that ``text`` is, else the text itself."""
    try:
        return json.loads(text, parse_constant=_no_json)
    except ValueError:
        return text


def _no_json(name: str) -> Any:
    # Python reads NaN and Infinity, which nothing else takes for JSON.
    raise ValueError(name)
