"""What a handler answers: one class of response for each category of task.

Names, attributes and minimum countdowns are those of ``reference/sdk-api.md`` section 3.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from connect_eaas.enums import ResultType
from connect_eaas.errors import ResponseError
from connect_eaas.events import BACKGROUND, INTERACTIVE, SCHEDULED, TRANSFORMATION, Category

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "MINIMUM_COUNTDOWN",
    "MINIMUM_SLOW_COUNTDOWN",
    "BackgroundResponse",
    "CustomEventResponse",
    "InteractiveResponse",
    "ProcessingResponse",
    "ProductActionResponse",
    "Response",
    "RowTransformationResponse",
    "ScheduledExecutionResponse",
    "TransformationResponse",
    "ValidationResponse",
    "as_response",
]

MINIMUM_COUNTDOWN: Final = 30
"""Seconds: a shorter ``reschedule`` is raised to this."""
MINIMUM_SLOW_COUNTDOWN: Final = 300
"""Seconds: a shorter ``slow_process_reschedule`` is raised to this."""


class Response:
    """Base of all responses: ``status`` is one of ``ResultType``, ``output`` a text for the task's list, or None."""

    def __init__(self, status: str, output: str | None = None) -> None:
        self.status = status
        self.output = output

    def __repr__(self) -> str:
        # Never the content: bodies and rows may hold secrets.
        return f"{type(self).__name__}(status={self.status!r}, output={self.output!r})"


def _seconds(countdown: object, minimum: int) -> int:
    if isinstance(countdown, bool) or not isinstance(countdown, (int, float)):
        raise TypeError(f"countdown: expected a number of seconds, got {type(countdown).__name__}")
    if countdown != countdown or countdown in (float("inf"), float("-inf")):
        raise TypeError(f"countdown: expected a finite number of seconds, got {countdown}")
    return max(int(countdown), minimum)


class BackgroundResponse(Response):
    """Answer to a background event. ``countdown`` (seconds, at least 30) matters only when rescheduling."""

    def __init__(self, status: str, countdown: int = MINIMUM_COUNTDOWN, output: str | None = None) -> None:
        super().__init__(status, output)
        self.countdown = _seconds(countdown, MINIMUM_COUNTDOWN)

    @classmethod
    def done(cls, *_ignored: object) -> Self:
        """The work is done."""
        return cls(ResultType.SUCCESS)

    @classmethod
    def fail(cls, output: str | None = None) -> Self:
        """The task failed for good and is not repeated by itself; the business object stays as it is."""
        return cls(ResultType.FAIL, output=output)

    @classmethod
    def skip(cls, output: str | None = None) -> Self:
        """There was nothing to do."""
        return cls(ResultType.SKIP, output=output)

    @classmethod
    def reschedule(cls, countdown: int = MINIMUM_COUNTDOWN) -> Self:
        """Deliver the task again after ``countdown`` seconds, at least 30.

        Raises:
            TypeError: ``countdown`` is no finite number.
        """
        return cls(ResultType.RESCHEDULE, countdown=countdown)

    @classmethod
    def slow_process_reschedule(cls, countdown: int = MINIMUM_SLOW_COUNTDOWN) -> Self:
        """Deliver the task again after ``countdown`` seconds, at least 300; for work that takes hours or days.

        Raises:
            TypeError: ``countdown`` is no finite number.
        """
        return cls(ResultType.RESCHEDULE, countdown=_seconds(countdown, MINIMUM_SLOW_COUNTDOWN))


class ProcessingResponse(BackgroundResponse):
    """Older name of ``BackgroundResponse``."""


class InteractiveResponse(Response):
    """Answer to an interactive event: an HTTP status, headers and a body that the waiting caller receives."""

    def __init__(
        self,
        status: str,
        http_status: int,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        output: str | None = None,
    ) -> None:
        super().__init__(status, output)
        self.http_status = http_status
        self.headers = headers
        self.body = body

    @property
    def data(self) -> dict[str, Any]:
        """What travels to the platform: ``http_status``, ``headers`` and ``body``."""
        return {"http_status": self.http_status, "headers": self.headers, "body": self.body}

    @classmethod
    def done(cls, http_status: int = 200, headers: Mapping[str, str] | None = None, body: Any = None) -> Self:
        """Answer the caller."""
        return cls(ResultType.SUCCESS, http_status, headers, body)

    @classmethod
    def fail(
        cls,
        http_status: int = 400,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        output: str | None = None,
    ) -> Self:
        """Answer the caller with a failure; ``output`` is for the task's list."""
        return cls(ResultType.FAIL, http_status, headers, body, output)


class ProductActionResponse(InteractiveResponse):
    """Older name of ``InteractiveResponse``, for product actions."""


class CustomEventResponse(InteractiveResponse):
    """Older name of ``InteractiveResponse``, for custom events."""


class ValidationResponse(InteractiveResponse):
    """Older answer to a validation: the (changed) object is the body."""

    @classmethod
    def done(cls, data: Any) -> Self:  # type: ignore[override]  # the older signature, kept
        """The object was checked; ``data`` is the object, with its parameters' errors set if any."""
        return cls(ResultType.SUCCESS, 200, None, data)

    @classmethod
    def fail(cls, data: Any = None, output: str | None = None) -> Self:  # type: ignore[override]
        """The check itself failed; the platform lets the request pass."""
        return cls(ResultType.FAIL, 400, None, data, output)


class ScheduledExecutionResponse(Response):
    """Answer of a method that a schedule called."""

    @classmethod
    def done(cls) -> Self:
        """The work is done."""
        return cls(ResultType.SUCCESS)

    @classmethod
    def fail(cls, output: str | None = None) -> Self:
        """The execution failed."""
        return cls(ResultType.FAIL, output)


class TransformationResponse(Response):
    """Answer to a whole transformation request; made by the runner."""

    @classmethod
    def done(cls) -> Self:
        """All rows were transformed."""
        return cls(ResultType.SUCCESS)

    @classmethod
    def fail(cls, output: str) -> Self:
        """The request failed."""
        return cls(ResultType.FAIL, output)

    @classmethod
    def skip(cls, output: str) -> Self:
        """There was nothing to transform."""
        return cls(ResultType.SKIP, output)


class RowTransformationResponse(Response):
    """Answer of a transformation to one row: the new row and, per column, its style."""

    def __init__(
        self,
        status: str,
        transformed_row: Mapping[str, Any] | None = None,
        transformed_row_styles: Mapping[str, Any] | None = None,
        output: str | None = None,
    ) -> None:
        super().__init__(status, output)
        self.transformed_row = transformed_row
        self.transformed_row_styles: Mapping[str, Any] = (
            transformed_row_styles if transformed_row_styles is not None else {}
        )

    @classmethod
    def done(cls, transformed_row: Mapping[str, Any], transformed_row_styles: Mapping[str, Any] | None = None) -> Self:
        """Write this row."""
        return cls(ResultType.SUCCESS, transformed_row, transformed_row_styles)

    @classmethod
    def skip(cls) -> Self:
        """Leave this row as it is."""
        return cls(ResultType.SKIP)

    @classmethod
    def delete(cls) -> Self:
        """Mark this row to be deleted."""
        return cls(ResultType.DELETE)

    @classmethod
    def fail(cls, output: str) -> Self:
        """This row cannot be transformed; the whole request fails."""
        return cls(ResultType.FAIL, output=output)


_EXPECTED: Final[Mapping[Category, type[Response]]] = MappingProxyType(
    {
        BACKGROUND: BackgroundResponse,
        INTERACTIVE: InteractiveResponse,
        SCHEDULED: ScheduledExecutionResponse,
        TRANSFORMATION: RowTransformationResponse,
    }
)
_ALLOWED: Final[Mapping[Category, frozenset[str]]] = MappingProxyType(
    {
        BACKGROUND: frozenset({"success", "skip", "reschedule", "retry", "fail"}),
        INTERACTIVE: frozenset({"success", "fail"}),
        SCHEDULED: frozenset({"success", "fail"}),
        TRANSFORMATION: frozenset({"success", "skip", "delete", "fail"}),
    }
)


def as_response(value: object, category: Category, where: str) -> Response:
    """Check that what a handler returned is a response of its category, and return it.

    Args:
        value: what the handler returned (already awaited).
        category: the task's category; for ``transformation`` the answer to one row is meant.
        where: names the handler in the message, e.g. ``MyExtension.process_asset_purchase_request``.

    Raises:
        ResponseError: it is something else; the text says what was returned and what to write instead.
    """
    expected = _EXPECTED[category]
    if isinstance(value, expected):
        if value.status not in _ALLOWED[category]:
            allowed = ", ".join(sorted(_ALLOWED[category]))
            raise ResponseError(f"{where}: status {value.status!r} is not possible for a {category} task ({allowed})")
        return value
    raise ResponseError(f"{where} {_explain(value, expected, category)}")


def _explain(value: object, expected: type[Response], category: Category) -> str:
    owner = getattr(value, "__self__", None)
    if inspect.ismethod(value) and isinstance(owner, type) and issubclass(owner, Response):
        call = f"{owner.__name__}.{value.__name__}"
        return f"returned the method {call} without calling it: write {call}()"
    advice = f"a {category} handler returns a {expected.__name__}, e.g. {expected.__name__}.done(...)"
    if value is None:
        return f"returned nothing: {advice}"
    if inspect.iscoroutine(value):
        value.close()  # It is never awaited: say so once, here, rather than by a warning at some later time.
        return "returned a coroutine: make the handler 'async def' and await what it calls"
    if isinstance(value, type) and issubclass(value, Response):
        return f"returned the class {value.__name__}: {advice}"
    if isinstance(value, Response):
        return f"returned a {type(value).__name__}: {advice}"
    return f"returned a value of type {type(value).__name__}: {advice}"
