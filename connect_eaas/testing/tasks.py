"""Runs a handler as the runner does, and returns what the platform would be told."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from connect_eaas.applications import EventsApplicationBase, make_application
from connect_eaas.declarations import Declarations
from connect_eaas.errors import DeclarationError, Problem, SdkError
from connect_eaas.events import BACKGROUND, CATALOGUE, INTERACTIVE, SCHEDULED, Category
from connect_eaas.models import Context
from connect_eaas.protocol.messages import TaskOutput
from connect_eaas.responses import Response, as_response
from connect_eaas.runner import outcome

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
    exception: Exception | None = field(default=None, compare=False)


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
    **options: Any,
) -> TaskOutcome:
    """Run the handler of one event on one object.

    A background event whose object is in no subscribed status is skipped without a call. What the handler raises or
    returns wrongly makes a failed outcome, as it does on the platform; see ``TaskOutcome.exception``.

    Args:
        cls: the author's application.
        event_type: e.g. ``asset_purchase_request_processing``; for a schedule ``scheduled_execution``.
        payload: the object; for a schedule at least ``{"method": "…"}``. The handler gets a copy.
        config: the environment's variables.
        options: as for ``make_test_application``.

    Raises:
        DeclarationError: the application declares something wrong, or has no handler for this event.
        RuntimeError: the handler is ``async def`` and an event loop runs here: await ``run_task_async`` instead.
    """
    handling = _Handling(cls, event_type, payload)
    if handling.is_async:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(run_task_async(cls, event_type, payload, config=config, **options))
        raise RuntimeError("an event loop runs already: use 'await run_task_async(...)'")
    if handling.settled is not None:
        return handling.settled
    with handling.noting_errors() as outcomes:
        application = make_test_application(cls, config, is_async=False, **options)
        outcomes.append(handling.answered(getattr(application, handling.method)(handling.argument)))
    return outcomes[0]


async def run_task_async(
    cls: type[EventsApplicationBase],
    event_type: str,
    payload: Any,
    *,
    config: Mapping[str, Any] | None = None,
    **options: Any,
) -> TaskOutcome:
    """Run a handler inside a running event loop; see ``run_task``."""
    handling = _Handling(cls, event_type, payload)
    if not handling.is_async:
        return await asyncio.to_thread(run_task, cls, event_type, payload, config=config, **options)
    if handling.settled is not None:
        return handling.settled
    with handling.noting_errors() as outcomes:
        application = make_test_application(cls, config, is_async=True, **options)
        outcomes.append(handling.answered(await getattr(application, handling.method)(handling.argument)))
    return outcomes[0]


class _Handling:
    """One task: finds the handler, and turns what becomes of it into an outcome."""

    def __init__(self, cls: type[EventsApplicationBase], event_type: str, payload: Any) -> None:
        declared = Declarations.of(cls)
        self._event_type = event_type
        self._statuses: tuple[str, ...] = ()
        self.argument = copy.deepcopy(payload)
        definition = CATALOGUE.get(event_type)
        # Types that only a platform knows are background events: there is no other way to subscribe to them.
        self._category: Category = definition.category if definition is not None else BACKGROUND
        self._status_field = definition.status_field if definition is not None else "status"
        if self._category == SCHEDULED:
            name = payload.get("method") if isinstance(payload, Mapping) else None
            schedulable = declared.schedulable_of(str(name))
            if schedulable is None:
                known = ", ".join(item.method for item in declared.schedulables) or "none"
                raise _missing(cls, f"declares no schedulable method {name!r} (declared: {known})")
            self.method, self.is_async = schedulable.method, schedulable.is_async
        else:
            handler = declared.handler_of(event_type)
            if handler is None:
                known = ", ".join(declared.subscriptions) or "none"
                raise _missing(cls, f"declares no handler for {event_type!r} (declared: {known})")
            self.method, self.is_async, self._statuses = handler.method, handler.is_async, handler.statuses
        self._where = f"{cls.__name__}.{self.method}"

    @property
    def settled(self) -> TaskOutcome | None:
        """The outcome if the runner would not call the handler: nothing came, or an object in another status."""
        if self._category == INTERACTIVE and not self.argument:
            return _told(outcome.refused(self._event_type, f"{self._event_type}: the task came without data"))
        if self._category != BACKGROUND or not self._statuses or not isinstance(self.argument, Mapping):
            return None
        found = self.argument.get(self._status_field)
        if found in self._statuses:
            return None
        wanted = ", ".join(self._statuses)
        return TaskOutcome(
            "skip", message=f"the {self._status_field} {found!r} is none of those of {self.method}: {wanted}"
        )

    def answered(self, value: object) -> TaskOutcome:
        """Outcome of what the handler returned.

        Raises:
            ResponseError: it is no response of the task's category, or one that cannot be sent.
        """
        response = as_response(value, self._category, self._where)
        return _told(outcome.from_response(response, self._event_type), response=response)

    @contextmanager
    def noting_errors(self) -> Iterator[list[TaskOutcome]]:
        """Give a list for the outcome, and put one in if the body raises."""
        outcomes: list[TaskOutcome] = []
        try:
            yield outcomes
        except SdkError as error:
            told = outcome.failed(self._category, self._event_type, str(error))
            outcomes[:] = [_told(told, exception=error)]
        except Exception as error:
            told = outcome.failed(self._category, self._event_type, outcome.trace_of(error))
            outcomes[:] = [_told(told, exception=error)]


def _told(output: TaskOutput, *, response: Response | None = None, exception: Exception | None = None) -> TaskOutcome:
    return TaskOutcome(output.result, output.data, output.countdown, output.message, response, exception)


def _missing(cls: type, message: str) -> DeclarationError:
    return DeclarationError(Problem(message, class_name=cls.__qualname__))
