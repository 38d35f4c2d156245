"""What can go wrong in the platform's own rules.

::

    DevOpsError
     ├── NotFoundError            there is no such object                     (REST 404)
     ├── ValidationError          a field has a wrong value                   (REST 400, ``VAL_001``)
     ├── RuleError                the object's state does not allow it        (REST 400)
     └── DataLostError            the platform's data is gone                 (REST 503)
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["DataLostError", "DevOpsError", "NotFoundError", "RuleError", "ValidationError"]


class DevOpsError(Exception):
    """Root of the errors of the platform; its text is fit for the user's eyes."""


class NotFoundError(DevOpsError):
    """There is no such object, or the caller may not see it.

    Attributes:
        kind: what was looked for, e.g. ``environment``.
        key: the id as it was asked for.
    """

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(kind, key)
        self.kind = kind
        self.key = key

    def __str__(self) -> str:
        return f"There is no {self.kind} {self.key}."


class ValidationError(DevOpsError):
    """One or more fields have wrong values.

    Attributes:
        errors: pairs of field name and what is wrong with it, in the order found.
    """

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__(tuple(errors))
        self.errors: tuple[tuple[str, str], ...] = tuple(errors)

    @classmethod
    def of(cls, field: str, message: str) -> ValidationError:
        """The error of one field."""
        return cls([(field, message)])

    @property
    def texts(self) -> list[str]:
        """The errors in the form ``<field>: <message>`` (``reference/devops-api.md`` section 1)."""
        return [f"{field}: {message}" for field, message in self.errors]

    def __str__(self) -> str:
        return " ".join(self.texts)


class RuleError(DevOpsError):
    """The object is not in a state that allows this; the text says which state would."""


class DataLostError(DevOpsError):
    """The database was deleted or replaced under the running platform, which cannot go on. Start it again."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location

    def __str__(self) -> str:
        return (
            f"The database {self.location} was deleted or replaced while the platform ran. It stops, because nothing "
            "that it does could be kept; put the file back, or start the platform again with an empty database."
        )
