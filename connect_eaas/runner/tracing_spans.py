"""Traces of OpenTelemetry: a span for a task, in it one for the handler, and one for each API call; and spans for calls
of the web application and from Anvil.

Nothing is imported and nothing is done unless an exporter is configured by the ``OTEL_…`` variables that OpenTelemetry
itself defines, and the extra ``otel`` is installed. The trace goes on from the task's ``connect_correlation_id``.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

from connect_eaas.protocol.messages import Task, WebTask
from connect_eaas.tracing import TRACE_HEADER

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from connect_eaas.call_spans import CallSpan

__all__ = ["OtelSpans", "Spans", "open_spans"]

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_NOTHING: Final = contextlib.nullcontext()
_log = logging.getLogger("connect.eaas.runner")


class Spans:
    """What is told to whoever traces; this one does not."""

    traced: ClassVar[bool] = False
    """True if anybody is told."""
    call_span: CallSpan | None = None
    """For API clients; None if calls are not traced."""

    def task(self, task: Task) -> AbstractContextManager[Callable[[str], None] | None]:
        """A span around a task; what it gives is told the result."""
        return _NOTHING

    def handler(self, where: str) -> AbstractContextManager[None]:
        """A span around the author's method."""
        return _NOTHING

    def web_call(self, call: WebTask) -> AbstractContextManager[Callable[[int], None] | None]:
        """A span around a web call; what it gives is told the status."""
        return _NOTHING

    def anvil_call(self, method: str) -> AbstractContextManager[None]:
        """A span around a call from Anvil."""
        return _NOTHING

    def close(self) -> None:
        """Send what was not sent yet."""


class OtelSpans(Spans):
    """Spans of a provider of OpenTelemetry.

    Args:
        provider: exports them.
    """

    traced = True

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("connect_eaas.runner")
        self._propagator = TraceContextTextMapPropagator()
        self.call_span = self._call

    @contextlib.contextmanager
    def task(self, task: Task) -> Iterator[Callable[[str], None]]:
        from opentelemetry.trace import SpanKind, StatusCode

        options, happened = task.options, task.input
        parent = self._propagator.extract({"traceparent": options.connect_correlation_id or ""})
        attributes = {
            "connect.task.id": options.task_id,
            "connect.task.category": options.task_category,
            "connect.event.type": happened.event_type,
            "connect.object.id": happened.object_id,
        }
        with self._tracer.start_as_current_span(
            f"task {happened.event_type}", context=parent, kind=SpanKind.CONSUMER, attributes=attributes
        ) as span:

            def ended(result: str) -> None:
                span.set_attribute("connect.task.result", result)
                if result in ("fail", "retry"):
                    span.set_status(StatusCode.ERROR)

            yield ended

    @contextlib.contextmanager
    def handler(self, where: str) -> Iterator[None]:
        with self._tracer.start_as_current_span(where):
            yield

    @contextlib.contextmanager
    def web_call(self, call: WebTask) -> Iterator[Callable[[int], None]]:
        from opentelemetry.trace import SpanKind, StatusCode

        options, request = call.options, call.request
        callers = next((value for name, value in request.headers.items() if name.lower() == "traceparent"), "")
        parent = self._propagator.extract({"traceparent": options.connect_correlation_id or callers})
        method, path = request.method.upper(), request.url.partition("?")[0]
        attributes: dict[str, Any] = {"http.request.method": method, "url.path": path}
        if options.installation_id:
            attributes["connect.installation.id"] = options.installation_id
        with self._tracer.start_as_current_span(
            f"web {method}", context=parent, kind=SpanKind.SERVER, attributes=attributes
        ) as span:

            def answered(status: int) -> None:
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    span.set_status(StatusCode.ERROR)

            yield answered

    @contextlib.contextmanager
    def anvil_call(self, method: str) -> Iterator[None]:
        from opentelemetry.trace import SpanKind

        # Anvil tells nothing about a trace: one begins here.
        with self._tracer.start_as_current_span(f"anvil {method}", kind=SpanKind.SERVER):
            yield

    @contextlib.contextmanager
    def _call(self, method: str, url: str, headers: MutableMapping[str, Any]) -> Iterator[Callable[[int], None]]:
        from opentelemetry.trace import SpanKind, StatusCode

        parts = urlsplit(url)
        attributes: dict[str, Any] = {
            "http.request.method": method,
            "server.address": parts.hostname or "",
            # Without the query: it may hold secrets.
            "url.path": parts.path,
        }
        with self._tracer.start_as_current_span(method, kind=SpanKind.CLIENT, attributes=attributes) as span:
            carrier: dict[str, str] = {}
            self._propagator.inject(carrier)
            if "traceparent" in carrier:
                headers[TRACE_HEADER] = carrier["traceparent"]

            def answered(status: int) -> None:
                span.set_attribute("http.response.status_code", status)
                if status >= 400:
                    span.set_status(StatusCode.ERROR)

            yield answered

    def close(self) -> None:
        self._provider.shutdown()


def open_spans(environment: Mapping[str, str], *, worker: str, version: str) -> Spans:
    """Start tracing if an exporter is configured.

    Args:
        environment: environment variables; names and meanings are OpenTelemetry's.
        worker: kind of this process's session.
        version: of the runner.
    """
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    off = off or environment.get("OTEL_TRACES_EXPORTER") == "none"
    if off or not any(environment.get(name) for name in _ENDPOINTS):
        return Spans()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("no traces: %s is set, but connect-extension-sdk[otel] is not installed", " or ".join(_ENDPOINTS))
        return Spans()
    name = environment.get("OTEL_SERVICE_NAME") or "connect-extension"
    resource = Resource.create({"service.name": name, "service.version": version, "connect.worker": worker})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return OtelSpans(provider)
