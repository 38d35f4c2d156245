"""Has the runner's dispatcher run a handler, and returns what the platform would be told."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from connect_eaas.applications import EventsApplicationBase, make_application
from connect_eaas.declarations import Declarations
from connect_eaas.errors import DeclarationError, Problem, SdkError
from connect_eaas.events import CATALOGUE, SCHEDULED
from connect_eaas.models import Context
from connect_eaas.protocol.messages import TaskOutput
from connect_eaas.responses import Response, as_response
from connect_eaas.runner import outcome
from connect_eaas.testing.delivery import Delivery, Surroundings

__all__ = ["CONTEXT", "LOGGER", "TaskOutcome", "make_test_application", "run_task", "run_task_async"]

CONTEXT: Final = Context("SRVC-0000-0000", "ENV-0000-0000-01", "development")
LOGGER: Final = logging.getLogger("eaas.eventsapp")


@dataclass(frozen=True)
class TaskOutcome:
    """How a task ended.

    ``result``, ``data``, ``countdown`` (seconds) and ``message`` are what the platform receives. ``response`` is what
    the handler returned, if it is a response; ``exception`` is what made the task fail, if anything did.
    """

    result: str
    data: Any = None
    countdown: int = 0
    message: str | None = None
    response: Response | None = field(default=None, compare=False)
    exception: BaseException | None = field(default=None, compare=False)


def make_test_application(
    cls: type[EventsApplicationBase],
    config: Mapping[str, Any] | None = None,
    *,
    client: Any = None,
    is_async: bool | None = None,
    logger: logging.Logger | logging.LoggerAdapter[Any] | None = None,
    installation: dict[str, Any] | None = None,
    installation_client: Any = None,
    context: Context | None = None,
) -> Any:
    """Make an instance of ``cls`` for tests.

    Args:
        cls: the author's application.
        config: the environment's variables.
        client: API client; by default one whose calls must be mocked (``client_mocker_factory``).
        is_async: whether the default client is an asynchronous one; by default, whether any handler is ``async def``.
        logger: by default the logger ``eaas.eventsapp``.
        installation: for multi-account extensions.
        installation_client: for multi-account extensions.
        context: by default ids of zeros, in a development environment.
    """
    from connect_eaas.testing.clients import make_async_client, make_client

    if client is None:
        if is_async is None:
            declared = Declarations.of(cls)
            is_async = any(item.is_async for item in declared.events) or any(
                item.is_async for item in declared.schedulables
            )
        client = make_async_client() if is_async else make_client()
    return make_application(
        cls,
        client=client,
        logger=logger or LOGGER,
        config=config or {},
        installation_client=installation_client,
        installation=installation,
        context=context or CONTEXT,
    )


def run_task(
    cls: type[EventsApplicationBase],
    event_type: str,
    payload: Any,
    *,
    config: Mapping[str, Any] | None = None,
    client: Any = None,
    logger: logging.Logger | logging.LoggerAdapter[Any] | None = None,
    installation: dict[str, Any] | None = None,
    installation_client: Any = None,
    context: Context | None = None,
    time_limit_s: int | None = None,
) -> TaskOutcome:
    """Have the runner's own dispatcher run the handler of one event on one object.

    A background event whose object is in no subscribed status is skipped without a call. What the handler raises or
    returns wrongly makes a failed outcome, as it does on the platform; see ``TaskOutcome.exception``. Plain handlers
    run in a thread, as they do in the runner.

    Args:
        cls: the author's application.
        event_type: e.g. ``asset_purchase_request_processing``; for a schedule ``scheduled_execution``.
        payload: the object; for a schedule at least ``{"method": "…"}``. The handler gets a copy.
        config: the environment's variables.
        client: API client; by default one of the handler's kind whose calls must be mocked (``client_mocker_factory``).
        logger: what the handler logs to; by default the logger ``eaas.eventsapp``.
        installation: makes it the task of a multi-account extension.
        installation_client: for such a task; by default one whose calls must be mocked.
        context: by default ids of zeros, in a development environment.
        time_limit_s: seconds that the handler may take; by default as in the runner.

    Raises:
        DeclarationError: the application declares something wrong, or has no handler for this event.
        TypeError: the argument of an interactive event is nothing that JSON can hold.
        RuntimeError: the handler is ``async def`` and an event loop runs here: await ``run_task_async`` instead.
    """
    surroundings = Surroundings(
        config or {}, context or CONTEXT, client, installation, installation_client, logger or LOGGER, time_limit_s
    )
    handling = _Handling(cls, event_type, payload, surroundings)
    if handling.is_async and _loop_runs():
        raise RuntimeError("an event loop runs already: use 'await run_task_async(...)'")
    # In a thread, so that the test's own event loop, if it has one, is none of our business.
    with ThreadPoolExecutor(1, "run-task") as threads:
        return threads.submit(contextvars.copy_context().run, asyncio.run, handling.outcome()).result()


async def run_task_async(
    cls: type[EventsApplicationBase],
    event_type: str,
    payload: Any,
    *,
    config: Mapping[str, Any] | None = None,
    client: Any = None,
    logger: logging.Logger | logging.LoggerAdapter[Any] | None = None,
    installation: dict[str, Any] | None = None,
    installation_client: Any = None,
    context: Context | None = None,
    time_limit_s: int | None = None,
) -> TaskOutcome:
    """Run a handler inside a running event loop; see ``run_task``."""
    surroundings = Surroundings(
        config or {}, context or CONTEXT, client, installation, installation_client, logger or LOGGER, time_limit_s
    )
    return await _Handling(cls, event_type, payload, surroundings).outcome()


class _Handling:
    """One task: finds the handler, has it run, and tells what became of it."""

    def __init__(
        self, cls: type[EventsApplicationBase], event_type: str, payload: Any, surroundings: Surroundings
    ) -> None:
        declared = Declarations.of(cls)
        definition = CATALOGUE.get(event_type)
        if definition is not None and definition.category == SCHEDULED:
            name = payload.get("method") if isinstance(payload, Mapping) else None
            schedulable = declared.schedulable_of(str(name))
            if schedulable is None:
                known = ", ".join(item.method for item in declared.schedulables) or "none"
                raise _missing(cls, f"declares no schedulable method {name!r} (declared: {known})")
            method, self.is_async = schedulable.method, schedulable.is_async
        else:
            handler = declared.handler_of(event_type)
            if handler is None:
                known = ", ".join(declared.subscriptions) or "none"
                raise _missing(cls, f"declares no handler for {event_type!r} (declared: {known})")
            method, self.is_async = handler.method, handler.is_async
        self._event_type = event_type
        self._where = f"{cls.__name__}.{method}"
        self._delivery = Delivery(cls, declared, event_type, method, payload, surroundings)

    async def outcome(self) -> TaskOutcome:
        """Run it."""
        told = await self._delivery.outcome()
        recorded = self._delivery.recorder
        value, error = recorded.value, recorded.error
        response = value if isinstance(value, Response) else None
        if error is None and told.result in ("retry", "fail") and recorded.called:
            error = self._refusal(value)
            response = None if error is not None else response
        return _told(told, response=response, exception=error)

    def _refusal(self, value: object) -> SdkError | None:
        """Why the dispatcher did not take what the handler returned; None if it did."""
        try:
            outcome.from_response(as_response(value, self._delivery.category, self._where), self._event_type)
        except SdkError as error:
            return error
        return None


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _told(output: TaskOutput, *, response: Response | None, exception: BaseException | None) -> TaskOutcome:
    return TaskOutcome(output.result, output.data, output.countdown, output.message, response, exception)


def _missing(cls: type, message: str) -> DeclarationError:
    return DeclarationError(Problem(message, class_name=cls.__qualname__))
