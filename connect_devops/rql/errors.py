"""What can be wrong with a query that a client sent."""

from __future__ import annotations

__all__ = ["RqlError"]


class RqlError(ValueError):
    """The query cannot be understood or is not allowed on this list; an HTTP layer answers it with 400.

    Attributes:
        message: what is wrong, in one sentence.
        property: the property concerned, or None for a mistake of syntax.
        position: offset of the mistake in the decoded query, or None when the query is well formed.
    """

    def __init__(self, message: str, *, property: str | None = None, position: int | None = None) -> None:  # noqa: A002
        self.message = message
        self.property = property
        self.position = position
        super().__init__(message, property, position)

    def __str__(self) -> str:
        if self.property is not None:
            return f"{self.property}: {self.message}"
        if self.position is not None:
            return f"query: {self.message} (at position {self.position})"
        return f"query: {self.message}"
