"""What was saved last in the dialog of a transformation: on the local platform it waits there for the next request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connect_devops.domain.errors import ValidationError
from connect_devops.storage.objects import ObjectStore, StoredObject
from connect_devops.storage.store import Store

__all__ = ["Choice", "keep_choice", "kept_choice"]

_COLLECTION: Final = "local/dialogs"
_MAX_ID: Final = 64


@dataclass(frozen=True)
class Choice:
    """What a dialog hands to Connect: the settings, the columns that are read and written, and both in words."""

    settings: Any = field(repr=False)
    columns: Mapping[str, Any] = field(default_factory=dict)
    overview: str = ""

    @classmethod
    def read(cls, data: Any) -> Choice:
        """Read the ``data`` of a dialog's ``save`` message.

        Raises:
            ValidationError: it is none; names the field.
        """
        if not isinstance(data, dict) or "settings" not in data:
            raise ValidationError.of("settings", "A dialog saves {settings, columns, overview}; settings is missing.")
        columns, overview = data.get("columns") or {}, data.get("overview") or ""
        if not isinstance(columns, dict):
            raise ValidationError.of("columns", "This field must be an object with the lists input and output.")
        for side in ("input", "output"):
            listed = columns.get(side, [])
            if not isinstance(listed, list) or not all(_is_column(column) for column in listed):
                raise ValidationError.of(f"columns.{side}", "This field must be a list of objects with a name each.")
        if not isinstance(overview, str):
            raise ValidationError.of("overview", "This field must be a text.")
        return cls(data["settings"], columns, overview)

    def as_json(self) -> dict[str, Any]:
        """The form that ``read`` takes."""
        return {"settings": self.settings, "columns": dict(self.columns), "overview": self.overview}


def keep_choice(store: Store, environment_id: str, method: str, choice: Choice) -> None:
    """Keep what was chosen for a transformation of an environment, instead of what was chosen before."""
    document = choice.as_json()
    ObjectStore(store).put(StoredObject(_COLLECTION, _key(method), document, parent_id=environment_id))


def kept_choice(store: Store, environment_id: str, method: str) -> Choice | None:
    """What was chosen last for a transformation of an environment, or None."""
    document = ObjectStore(store).get(_COLLECTION, _key(method), parent_id=environment_id)
    return None if document is None else Choice.read(document)


def _key(method: str) -> str:
    return method if len(method) <= _MAX_ID else hashlib.sha256(method.encode()).hexdigest()


def _is_column(column: object) -> bool:
    return isinstance(column, dict) and isinstance(column.get("name"), str)
