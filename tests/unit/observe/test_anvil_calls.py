"""Calls from Anvil: each has a span and an identity in the log, in plain methods and in coroutines."""

from __future__ import annotations

import asyncio
import logging

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from connect_eaas.runner.anvil_uplink import AnvilCalls
from connect_eaas.runner.log_records import CURRENT_TASK
from connect_eaas.runner.tracing_spans import OtelSpans


async def test_each_call_has_its_span_and_its_name_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    calls = AnvilCalls(OtelSpans(provider))
    seen: list[tuple[object, int]] = []

    def note() -> None:
        seen.append((CURRENT_TASK.get(), trace.get_current_span().get_span_context().span_id))

    def greet() -> str:
        note()
        return "hello"

    async def later() -> str:
        note()
        await asyncio.sleep(0)
        return "later"

    def fail() -> None:
        raise LookupError("nobody there")

    # Anvil calls from threads of its own.
    assert await asyncio.to_thread(calls.counted(greet)) == "hello"
    assert await asyncio.to_thread(calls.counted(later)) == "later"
    with caplog.at_level(logging.ERROR), pytest.raises(LookupError):
        await asyncio.to_thread(calls.counted(fail))
    await calls.idle()

    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == ["anvil greet", "anvil later", "anvil fail"]
    assert [span.status.is_ok or span.status.is_unset for span in spans] == [True, True, False]
    assert [number for _, number in seen] == [span.context.span_id for span in spans[:2] if span.context]
    names = [(task.event_type, task.object_id) for task, _ in seen if task is not None]  # type: ignore[attr-defined]
    assert names == [("anvil_call", "greet"), ("anvil_call", "later")]
    assert "fail failed" in caplog.text
    assert calls.finished == 3
