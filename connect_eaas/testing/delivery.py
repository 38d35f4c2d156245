"""Delivers one task to the runner's own dispatcher, with a made-up platform behind it."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import inspect
import logging
import time
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

from connect_eaas.applications import EventsApplicationBase
from connect_eaas.declarations import Declarations
from connect_eaas.events import BACKGROUND, CATALOGUE, INTERACTIVE, Category
from connect_eaas.models import Context
from connect_eaas.protocol.messages import (
    EventDefinition,
    Logging,
    LogMeta,
    SetupResponse,
    Task,
    TaskInput,
    TaskOptions,
    TaskOutput,
    Variable,
)
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.dispatch import Dispatcher
from connect_eaas.runner.platform_api import PlatformApi
from connect_eaas.runner.results import Results
from connect_eaas.runner.settings import Limits
from connect_eaas.testing.clients import API_KEY, make_async_client, make_client

if TYPE_CHECKING:
    from connect_eaas.client import ClientFactory

__all__ = ["TASK_ID", "Delivery", "Recorder", "Surroundings"]

TASK_ID: Final = "TQ-0000-0000-0000-0000"
_INSTALLATION_KEY: Final = "ApiKey SU-000-000-001:tests"
_INSTALLATION_ID: Final = "EIN-0000-0000-0000"
_NO_ID: Final = "unknown"


@dataclass(frozen=True)
class Surroundings:
    """What a task finds: the environment, and clients that tests brought along."""

    config: Mapping[str, Any]
    context: Context
    client: Any = None
    installation: dict[str, Any] | None = None
    installation_client: Any = None
    logger: Any = None
    time_limit_s: int | None = None

    @property
    def limits(self) -> Limits:
        """The runner's own, or the one that the test asks for."""
        seconds = self.time_limit_s
        if seconds is None:
            return Limits()
        return Limits(background_s=seconds, interactive_s=seconds, scheduled_s=seconds)


class Recorder:
    """Remembers what a handler returned or raised, which the platform is not told as it is."""

    def __init__(self) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        # True once the handler returned.
        self.called = False

    def watched(self, cls: type[EventsApplicationBase], method: str, logger: Any) -> type[EventsApplicationBase]:
        """Return a subclass of ``cls`` whose ``method`` and constructor are watched."""
        recorder = self

        def construct(application: Any, client: Any, given: Any, config: Any, **options: Any) -> None:
            with recorder:
                cls.__init__(application, client, given if logger is None else logger, config, **options)

        body: dict[str, Any] = {"__init__": construct, "__module__": cls.__module__, "__qualname__": cls.__qualname__}
        original = getattr(cls, method, None)
        if inspect.iscoroutinefunction(original):

            async def call_async(application: Any, argument: Any) -> Any:
                with recorder:
                    recorder.value = await getattr(super(watched, application), method)(argument)
                recorder.called = True
                return recorder.value

            body[method] = call_async
        elif original is not None:

            def call(application: Any, argument: Any) -> Any:
                with recorder:
                    recorder.value = getattr(super(watched, application), method)(argument)
                recorder.called = True
                return recorder.value

            body[method] = call
        watched: Any = types.new_class(cls.__name__, (cls,), {}, lambda namespace: namespace.update(body))
        return cast("type[EventsApplicationBase]", watched)

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        # A coroutine past its limit is cancelled: the dispatcher says so better.
        if error is not None and not isinstance(error, asyncio.CancelledError):
            self.error = error


class Delivery:
    """One delivery of one task.

    Args:
        cls: the author's application.
        declared: what it declares.
        event_type: of the task.
        method: what the task calls.
        payload: the object, the schedule, or an interactive task's argument.
        surroundings: what the task finds.

    Raises:
        TypeError: an interactive task's argument is nothing that JSON can hold.
    """

    def __init__(
        self,
        cls: type[EventsApplicationBase],
        declared: Declarations,
        event_type: str,
        method: str,
        payload: Any,
        surroundings: Surroundings,
    ) -> None:
        known = CATALOGUE.get(event_type)
        # Types that only a platform knows are background events: there is no other way to subscribe to them.
        self.category: Category = known.category if known is not None else BACKGROUND
        self.recorder = Recorder()
        self._surroundings = surroundings
        self._declared = replace(declared, application=self.recorder.watched(cls, method, surroundings.logger))
        handler = declared.handler_of(event_type)
        self._api = _Api(
            payload,
            surroundings.installation,
            status_field=known.status_field if known is not None else "status",
            statuses=handler.statuses if handler is not None else (),
        )
        self._task = _task(event_type, self.category, payload, surroundings)
        self._configuration = _configuration(event_type, surroundings)

    async def outcome(self) -> TaskOutput:
        """Have the dispatcher run the task, and return what it owes the platform."""
        ready = asyncio.Event()
        ready.set()
        results = Results()
        dispatcher = Dispatcher(
            self.category,
            declarations=self._declared,
            configuration=self._configuration,
            api=cast("PlatformApi", self._api),
            clients=cast("ClientFactory", _Clients(self._surroundings)),
            headers=lambda _: {},
            results=results,
            limits=self._surroundings.limits,
            clock=time.monotonic,
            ready=ready,
        )
        with _no_line_of_its_own():
            dispatcher.accept(self._task)
            await dispatcher.drained()
            # The line in the log comes after the result.
            await asyncio.sleep(0)
        await dispatcher.abandon()
        output = results.owed[0].output
        assert output is not None  # noqa: S101  # what is owed has an outcome
        return output


@contextlib.contextmanager
def _no_line_of_its_own() -> Iterator[None]:
    """Leave out what the runner logs about each task, so that tests see what the handler logs; troubles stay."""
    runner = logging.getLogger("connect.eaas.runner.tasks")

    def is_trouble(record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO

    runner.addFilter(is_trouble)
    try:
        yield
    finally:
        runner.removeFilter(is_trouble)


class _Api:
    """The runner's own REST calls: there is one object, one schedule and at most one installation."""

    def __init__(
        self, payload: Any, installation: dict[str, Any] | None, *, status_field: str, statuses: tuple[str, ...]
    ) -> None:
        self._payload = payload
        self._installation = installation
        self._status_field = status_field
        self._statuses = statuses

    async def count(self, *_: Any, **__: Any) -> int:
        if not self._statuses or not isinstance(self._payload, Mapping):
            return 1
        return int(self._payload.get(self._status_field) in self._statuses)

    async def fetch(self, *_: Any, **__: Any) -> Any:
        return copy.deepcopy(self._payload)

    async def schedule(self, *_: Any) -> Any:
        return copy.deepcopy(self._payload)

    async def installation(self, *_: Any) -> Any:
        return copy.deepcopy(self._installation)


class _Clients:
    """Gives handlers the clients that the test brought along, or new ones."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._given = {API_KEY: surroundings.client, _INSTALLATION_KEY: surroundings.installation_client}

    def client(self, *, api_key: str = API_KEY, **_: Any) -> Any:
        return self._client(api_key, make_client)

    def async_client(self, *, api_key: str = API_KEY, **_: Any) -> Any:
        return self._client(api_key, make_async_client)

    def _client(self, api_key: str, make: Callable[[], Any]) -> Any:
        given = self._given[api_key]
        return make() if given is None else given


def _task(event_type: str, category: Category, payload: Any, surroundings: Surroundings) -> Task:
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    data = None
    if category == INTERACTIVE:
        try:
            # It travels as JSON.
            data = to_jsonable_python(payload)
        except (PydanticSerializationError, ValueError) as error:
            raise TypeError(f"payload: JSON cannot hold it: {error}") from error
    found = payload.get("id") if isinstance(payload, Mapping) else None
    installation = surroundings.installation
    multi_account = installation is not None or surroundings.installation_client is not None
    return Task(
        options=TaskOptions(
            task_id=TASK_ID,
            task_category=category,
            api_key=_INSTALLATION_KEY if multi_account else None,
            installation_id=str((installation or {}).get("id") or _INSTALLATION_ID) if multi_account else None,
        ),
        input=TaskInput(event_type=event_type, object_id=str(found or _NO_ID), data=data),
    )


def _configuration(event_type: str, surroundings: Surroundings) -> Configuration:
    context = surroundings.context
    configuration = Configuration(context.environment_id)
    definition = EventDefinition(
        event_type=event_type,
        api_resource_endpoint="objects/{pk}",
        api_collection_endpoint="objects",
        api_collection_filter="eq(id,${_object_id_})",
    )
    # Not validated: values that are no texts are the author's to find out about, where they are used.
    variables = [Variable.model_construct(name=name, value=value) for name, value in surroundings.config.items()]
    configuration.apply(
        SetupResponse.model_construct(
            variables=variables,
            environment_type=context.environment_type,
            logging=Logging(meta=LogMeta(service_id=context.extension_id)),
            event_definitions=[definition],
        )
    )
    return configuration
