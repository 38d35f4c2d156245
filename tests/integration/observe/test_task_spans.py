"""A real worker with OpenTelemetry's in-memory exporter: which spans a task leaves, and how they hang together."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from conftest_runner import Running
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from scripted_platform import ENVIRONMENT_ID, ScriptedPlatform, a_task

from connect.eaas.core.decorators import event
from connect.eaas.core.extension import EventsApplicationBase
from connect.eaas.core.responses import BackgroundResponse
from connect_eaas.declarations import Declarations
from connect_eaas.runner.settings import read_settings
from connect_eaas.runner.tracing_spans import OtelSpans, Spans, open_spans
from connect_eaas.runner.worker import Worker

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


class Traced(EventsApplicationBase):
    @classmethod
    def get_descriptor(cls) -> dict[str, object]:
        return {"name": "x", "readme_url": "https://example.org/r", "changelog_url": "https://example.org/c"}

    @event("asset_purchase_request_processing", statuses=["pending"])
    def purchase(self, request: dict[str, object]) -> BackgroundResponse:
        self.client.requests["PR-1"].get()
        return BackgroundResponse.done()

    @event("asset_change_request_processing", statuses=["pending"])
    async def change(self, request: dict[str, object]) -> BackgroundResponse:
        raise RuntimeError("no luck")


async def spans_of(platform: ScriptedPlatform, event_type: str) -> list[Any]:

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    settings = read_settings(
        {"API_KEY": platform.api_key, "ENVIRONMENT_ID": ENVIRONMENT_ID, "SERVER_ADDRESS": platform.address},
        unsecure=True,
    )
    worker = Worker(
        settings,
        Declarations.of(Traced),
        instance_id="instance-1",
        version="1.0.0",
        kinds=("background",),
        spans=OtelSpans(provider),
    )
    run = Running(worker)
    job = asyncio.create_task(run.run())
    task = a_task(event_type=event_type)
    task.options.connect_correlation_id = f"00-{TRACE}-{PARENT}-01"
    await platform.connected("background")
    await platform.background.send(task)
    await platform.result_of(task)
    await run.stop()
    await job
    return list(exporter.get_finished_spans())


async def test_spans_of_a_task_hang_together(platform: ScriptedPlatform) -> None:
    spans = await spans_of(platform, "asset_purchase_request_processing")
    assert {f"{span.context.trace_id:032x}" for span in spans} == {TRACE}
    by_id = {span.context.span_id: span for span in spans}
    task = next(span for span in spans if span.name.startswith("task "))
    handler = next(span for span in spans if span.name == "Traced.purchase")
    calls = [span for span in spans if span.name == "GET"]
    assert f"{task.parent.span_id:016x}" == PARENT
    assert by_id[handler.parent.span_id] is task
    parents = sorted(by_id[span.parent.span_id].name for span in calls)
    assert parents == ["Traced.purchase", task.name, task.name]
    assert all(span.attributes["http.response.status_code"] == 200 for span in calls)
    assert all("?" not in span.attributes["url.path"] for span in calls)
    assert task.attributes["connect.task.id"] == "TQ-0001"
    assert task.attributes["connect.task.result"] == "success"
    assert task.status.is_ok or task.status.is_unset


async def test_failed_task_is_an_error(platform: ScriptedPlatform) -> None:
    spans = await spans_of(platform, "asset_change_request_processing")
    task = next(span for span in spans if span.name.startswith("task "))
    assert task.attributes["connect.task.result"] == "retry"
    assert not task.status.is_ok


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_SERVICE_NAME": "x"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_traced_unless_an_endpoint_is_set(variables: dict[str, str]) -> None:
    spans = open_spans(variables, worker="background", version="1")
    assert type(spans) is Spans
    assert spans.call_span is None


def test_endpoint_switches_traces_on() -> None:
    spans = open_spans({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, worker="background", version="1")
    assert isinstance(spans, OtelSpans)
    spans.close()
