"""From what a handler did to what the platform is told.

The rules are those of ``reference/websocket-protocol.md`` sections 6.1 to 6.3: trouble in a background or scheduled
task is `retry`, in an interactive one `fail`, with an HTTP answer for product actions and custom events, whose caller
waits.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic_core import PydanticSerializationError, to_jsonable_python

from connect_eaas.errors import ResponseError
from connect_eaas.protocol.messages import MAX_MESSAGE_LENGTH, TaskOutput
from connect_eaas.responses import BackgroundResponse, InteractiveResponse, Response

__all__ = ["failed", "from_response", "refused", "shorten", "trace_of"]

_CALLER_WAITS: Final = frozenset({"product_action_execution", "product_custom_event_processing"})
_PERMANENT_REDIRECTS: Final = frozenset({301, 308})
# The validator itself: the public method around it takes as long again.
_output: Final[Callable[[Any], TaskOutput]] = TaskOutput.__pydantic_validator__.validate_python
_OWN_FRAMES: Final = ("connect_eaas.runner", "connect_eaas.testing")
_CUT: Final = "\n[…]\n"


def from_response(response: Response, event_type: str) -> TaskOutput:
    """Translate a response that was checked already.

    Raises:
        ResponseError: an interactive answer that HTTP or JSON cannot carry, or a permanent redirect of an action.
    """
    message = None if response.output is None else shorten(str(response.output))
    if isinstance(response, BackgroundResponse):
        countdown = response.countdown if response.status == "reschedule" else 0
        return _output({"result": response.status, "countdown": countdown, "message": message})
    data = _interactive_data(response, event_type) if isinstance(response, InteractiveResponse) else None
    return _output({"result": response.status, "message": message, "data": data})


def failed(category: str, event_type: str, text: str) -> TaskOutput:
    """The handler crashed, hung, or could not be given its argument: worth another try, unless a caller waits."""
    if category == "interactive":
        return refused(event_type, text)
    return TaskOutput(result="retry", message=shorten(text))


def refused(event_type: str, text: str) -> TaskOutput:
    """A failure that another try would not mend, e.g. there is no handler for the event."""
    text = shorten(text)
    data = {"http_status": 400, "headers": None, "body": text} if event_type in _CALLER_WAITS else None
    return TaskOutput(result="fail", message=text, data=data)


def trace_of(error: BaseException) -> str:
    """The traceback from the author's code on, without the runner's own frames and those of the test kit."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals.get("__name__", "").startswith(_OWN_FRAMES):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames)).rstrip()


def shorten(text: str) -> str:
    """Cut a text to what a message may hold: its beginning and, as a traceback's point is at its end, its end."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    if len(text) <= MAX_MESSAGE_LENGTH:
        return text
    head = MAX_MESSAGE_LENGTH // 4
    return text[:head] + _CUT + text[len(text) - (MAX_MESSAGE_LENGTH - head - len(_CUT)) :]


def _interactive_data(response: InteractiveResponse, event_type: str) -> dict[str, Any]:
    status = response.http_status
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
        raise ResponseError(f"http_status: expected a number from 100 to 599, got {status!r}")
    if event_type == "product_action_execution" and status in _PERMANENT_REDIRECTS:
        raise ResponseError(
            f"http_status: a product action may not redirect permanently ({status}), browsers remember that; use 302"
        )
    try:
        body = to_jsonable_python(response.body)
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        raise ResponseError(f"body: JSON cannot hold it: {error}") from error
    return {"http_status": int(status), "headers": _headers(response.headers), "body": body}


def _headers(headers: Mapping[str, str] | None) -> dict[str, str] | None:
    if headers is None:
        return None
    if not isinstance(headers, Mapping):
        raise ResponseError(f"headers: expected a dict of texts, got {type(headers).__name__}")
    result = {}
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, (str, int)):
            raise ResponseError(f"headers: {name!r}: expected a text, got {type(value).__name__}")
        result[name] = str(value)
    return result
