"""What a task needs before its handler can run: which method, its argument, and the application with its clients."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from connect_eaas.applications import make_application
from connect_eaas.declarations import Declarations
from connect_eaas.log_adapter import LogAdapter
from connect_eaas.protocol.messages import Task
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.handlers import Call, CallPlan, Settled, background, interactive, scheduled
from connect_eaas.runner.platform_api import PlatformApi

if TYPE_CHECKING:
    from connect_eaas.client import ClientFactory

__all__ = ["ConstructorError", "Preparation", "Prepared"]


class ConstructorError(Exception):
    """The author's own constructor raised; ``cause`` is what."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Prepared(NamedTuple):
    """A method, bound to an application made for this task, and its argument."""

    where: str
    """``Class.method``, for messages."""
    method: Callable[[Any], Any] | None
    """None if the application has no such method."""
    is_coroutine: bool
    """Whether it is a coroutine function."""
    argument: Any

    def __repr__(self) -> str:
        return f"Prepared({self.where})"


class _TaskLogger(LogAdapter):
    """Names the task in front of each line."""

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        extra = dict(self.extra or {})
        kwargs["extra"] = {**extra, **(kwargs.get("extra") or {})}
        return f"{extra.get('task_id')} {msg}", kwargs


class Preparation:
    """Prepares the tasks of one application.

    Args:
        declarations: what the application declares.
        configuration: the platform's latest word.
        api: the runner's own REST calls.
        clients: makes the clients that handlers get.
        headers: default headers of a task's client, see ``connect_eaas.client.task_headers``.
    """

    def __init__(
        self,
        declarations: Declarations,
        configuration: Configuration,
        api: PlatformApi,
        clients: ClientFactory,
        headers: Callable[[Task], dict[str, str]],
    ) -> None:
        self._declarations = declarations
        self._configuration = configuration
        self._api = api
        self._clients = clients
        self._headers = headers
        self._loggers: dict[str, logging.Logger] = {}
        # Method name → whether it is a coroutine function.
        self._coroutines: dict[str, bool] = {}
        # Event type → whether its method is a plain function.
        self._in_thread: dict[str, bool] = {}

    def runs_in_thread(self, task: Task) -> bool:
        """True unless it is known already that the task's method is a coroutine function."""
        if task.options.task_category == "scheduled":
            return not all(self._is_coroutine(item.method) for item in self._declarations.schedulables)
        event_type = task.input.event_type
        known = self._in_thread.get(event_type)
        if known is None:
            handler = self._declarations.handler_of(event_type)
            if handler is None:
                return False
            known = self._in_thread[event_type] = not self._is_coroutine(handler.method)
        return known

    def prepare_now(self, task: Task) -> Prepared | Settled | None:
        """Prepare a task for which nothing has to be read over REST; None if something has.

        Raises:
            ConstructorError: the author's constructor raised.
        """
        if task.options.task_category != "interactive" or task.options.installation_id:
            return None
        plan = interactive.plan(task, self._declarations)
        return plan if isinstance(plan, Settled) else self._bound(task, plan, None)

    async def prepare(self, task: Task) -> Prepared | Settled:
        """Read the argument, and the installation of a multi-account task, and make the application.

        Raises:
            ApiCallError: a REST call failed.
            ConstructorError: the author's constructor raised.
        """
        category = task.options.task_category
        plan: CallPlan
        if category == "interactive":
            plan = interactive.plan(task, self._declarations)
        elif category == "scheduled":
            plan = await scheduled.plan(task, self._declarations, self._configuration, self._api)
        else:
            plan = await background.plan(task, self._declarations, self._configuration, self._api)
        return plan if isinstance(plan, Settled) else self._bound(task, plan, await self._installation(task))

    def _bound(self, task: Task, call: Call, installation: Any) -> Prepared:
        application, name = self._make(task, call.method, "eaas.eventsapp", installation), call.method
        method = getattr(application, name, None)
        where = f"{type(application).__name__}.{name}"
        is_coroutine = self._is_coroutine(name)
        if name in vars(application):
            # The constructor put something else in the method's place.
            is_coroutine = inspect.iscoroutinefunction(method)
        return Prepared(where, method if callable(method) else None, is_coroutine, call.argument)

    async def application(
        self,
        task: Task,
        method: str,
        *,
        logger_name: str = "eaas.eventsapp",
        transformation_request: dict[str, Any] | None = None,
    ) -> Any:
        """Make the instance for this task, with its clients.

        Args:
            task: the task.
            method: what will be called; its kind decides about that of the clients.
            logger_name: whose child the application's logger is.
            transformation_request: for transformations applications.

        Raises:
            ApiCallError: the installation cannot be read; ConstructorError: the author's constructor raised.
        """
        installation = await self._installation(task)
        return self._make(task, method, logger_name, installation, transformation_request)

    async def _installation(self, task: Task) -> Any:
        if not task.options.installation_id:
            return None
        return await self._api.installation(self._configuration.service_id, task.options.installation_id)

    def _make(
        self,
        task: Task,
        method: str,
        logger_name: str,
        installation: Any,
        transformation_request: dict[str, Any] | None = None,
    ) -> Any:
        options, configuration = task.options, self._configuration
        parent = self._loggers.get(logger_name)
        if parent is None:
            parent = self._loggers[logger_name] = logging.getLogger(logger_name)
        logger = _TaskLogger(parent, {"task_id": options.task_id})
        make: Callable[..., Any] = self._clients.async_client if self._is_coroutine(method) else self._clients.client

        def headers() -> dict[str, str]:
            return self._headers(task)

        installation_client = None
        if options.installation_id and options.api_key:
            installation_client = make(api_key=options.api_key, headers=headers, logger=logger)
        client = make(headers=headers, logger=logger)
        try:
            return make_application(
                self._declarations.application,
                client=client,
                logger=logger,
                config=configuration.variables,
                installation=installation,
                installation_client=installation_client,
                context=configuration.context,
                transformation_request=transformation_request,
            )
        except BaseException as error:
            raise ConstructorError(error) from error

    def _is_coroutine(self, method: str) -> bool:
        known = self._coroutines.get(method)
        if known is None:
            function = getattr(self._declarations.application, method, None)
            known = self._coroutines[method] = inspect.iscoroutinefunction(function)
        return known
