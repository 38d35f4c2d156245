"""The session of transformations applications (``tfnapp``): one task is one spreadsheet."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, Final

import anyio

from connect_eaas.client import task_headers
from connect_eaas.declarations import Declarations, TransformationMethod
from connect_eaas.protocol.messages import Repository, SetupRequest, Task, TaskOutput, TransformationDeclaration
from connect_eaas.runner import outcome
from connect_eaas.runner.channel import Channel
from connect_eaas.runner.dispatch import Dispatcher, Work
from connect_eaas.runner.handlers.transformation import TransformationFailedError, transform
from connect_eaas.runner.handlers.transformation_request import RequestCalls, RequestError, TransformationRequest
from connect_eaas.runner.handlers.transformation_rows import RowError, RowMethod
from connect_eaas.runner.platform_api import ApiCallError
from connect_eaas.runner.preparation import ConstructorError
from connect_eaas.runner.results import Results
from connect_eaas.runner.sessions import Session, SessionContext
from connect_eaas.runner.sheets import SheetError

__all__ = ["open_session", "setup_request"]

_ROWS_AT_ONCE: Final = 20
_log = logging.getLogger("connect.eaas.runner.transformations")


def setup_request(declarations: Declarations, version: str) -> SetupRequest:
    """What a transformations application tells the platform about itself."""
    descriptor = declarations.descriptor
    return SetupRequest(
        transformations=[
            TransformationDeclaration(
                method=item.method,
                name=item.name,
                description=item.description,
                edit_dialog_ui=item.edit_dialog_ui,
                manual=item.manual,
            )
            for item in declarations.transformations
        ],
        variables=[variable.as_dict() for variable in declarations.variables] or None,
        audience=descriptor.audience,
        repository=Repository(readme_url=descriptor.readme_url, changelog_url=descriptor.changelog_url),
        runner_version=version,
    )


def open_session(context: SessionContext) -> Session:
    """Make the session."""
    results = Results(journal=context.journal(), meter=context.meter)

    def headers(task: Task) -> dict[str, str]:
        return task_headers(
            agent=context.agent,
            extension_id=context.configuration.service_id or None,
            task_id=task.options.task_id,
            event_type=task.input.event_type,
            correlation_id=task.options.connect_correlation_id,
        )

    dispatcher = TransformationDispatcher(context, headers, results)
    channel = Channel(
        "transformations",
        settings=context.settings,
        instance_id=context.instance_id,
        setup=setup_request(context.declarations, context.version),
        dispatcher=dispatcher,
        results=results,
        configured=context.configured,
        stop=context.stop,
        clock=context.clock,
    )
    return Session(channel, dispatcher, results)


class TransformationDispatcher(Dispatcher):
    """Takes transformation tasks in. Whatever goes wrong, the request is failed and its conversation says why."""

    categories: ClassVar[tuple[str, ...]] = ("transformation",)

    def __init__(self, context: SessionContext, headers: Callable[[Task], dict[str, str]], results: Results) -> None:
        super().__init__(
            context.kind,
            declarations=context.declarations,
            configuration=context.configuration,
            api=context.api,
            clients=context.clients,
            headers=headers,
            results=results,
            limits=context.settings.limits,
            clock=context.clock,
            ready=context.ready,
            meter=context.meter,
            spans=context.spans,
        )
        self._declarations = context.declarations
        self._configuration = context.configuration
        self._api = context.api

    async def _run(self, work: Work, limit_s: float) -> TaskOutput:
        task = work.task
        event_type, request_id = task.input.event_type, task.input.object_id
        definition = self._configuration.definition(event_type)
        namespace = event_type.partition("_")[0]
        if definition is None or namespace not in ("billing", "pricing"):
            return outcome.refused(event_type, f"{event_type} is no transformation that the SDK knows")
        calls = RequestCalls(self._api, task.options.api_key, namespace, request_id)
        self._long_runs.begin(task.options.task_id, f"of {request_id}", limit_s)
        cause = "timed out"
        try:
            with anyio.move_on_after(limit_s):
                query = definition.api_collection_filter.replace("${_object_id_}", request_id)
                if not await self._api.count(definition.api_collection_endpoint, query, api_key=task.options.api_key):
                    return TaskOutput(result="skip", message=f"{request_id} is no longer pending")
                resource = definition.api_resource_endpoint.replace("{pk}", request_id)
                content = await self._api.fetch(resource, api_key=task.options.api_key)
                count = await self._transform(task, content, calls)
                _log.info("%s: %s: %d row(s) transformed", task.options.task_id, request_id, count)
                return TaskOutput(result="success")
        except ConstructorError as error:
            cause = f"the application cannot be made: {outcome.trace_of(error.cause)}"
        except (ApiCallError, RequestError, RowError, SheetError, TransformationFailedError) as error:
            cause = str(error)
        except OSError as error:
            cause = f"the runner's disk: {error}"
        _log.error("%s: %s failed: %s", task.options.task_id, request_id, cause)
        await calls.fail(outcome.shorten(cause))
        return outcome.refused(event_type, cause)

    async def _transform(self, task: Task, content: Any, calls: RequestCalls) -> int:
        declared = self._declared(task)
        request = TransformationRequest.read(content, task.input.event_type)
        application = await self._preparation.application(
            task, declared.method, logger_name="eaas.tfnapp", transformation_request=request.content
        )
        name = f"{type(application).__name__}.{declared.method}"
        call = getattr(application, declared.method)
        method = RowMethod(call, name, declared.is_async, declared.takes_styles)
        return await transform(
            request,
            method,
            calls,
            pool=self._lanes["transformation"].pool,
            concurrency=min(_ROWS_AT_ONCE, self._limits.concurrency),
            row_limit_s=self._limits.row_s,
            clock=self._clock,
        )

    def _declared(self, task: Task) -> TransformationMethod:
        data = task.input.data
        name = data.get("method") if isinstance(data, dict) else None
        application = self._declarations.application.__name__
        declared = self._declarations.transformation_of(name) if isinstance(name, str) else None
        if declared is None:
            known = ", ".join(item.method for item in self._declarations.transformations) or "none"
            raise TransformationFailedError(f"{application} declares no transformation {name!r} (it has: {known})")
        return declared
