"""What an application does beside its calls: start and end, spans, and lines in the log that name their call."""

from __future__ import annotations

import json
import logging

import anyio
import live_web
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from running_web import Web

from connect_eaas.protocol.messages import HttpRequest, WebTask, WebTaskOptions
from connect_eaas.runner.errors import RunnerError
from connect_eaas.runner.log_records import JsonFormatter
from connect_eaas.runner.tracing_spans import OtelSpans

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_the_application_starts_before_its_first_call_and_ends_after_its_last(web: Web) -> None:
    async with web.running(), web.client(headers={"Authorization": web.platform.api_key}) as client:
        assert (await client.get("/api/state")).json() == 42
        assert live_web.life == ["begin", "call"]

    assert live_web.life == ["begin", "call", "end"]


async def test_an_application_that_cannot_start_ends_the_runner_and_says_why(web: Web) -> None:
    live_web.refusal.append("no database")

    with pytest.raises(RunnerError, match=r"LiveWeb: the web application could not start: RuntimeError: no database$"):
        async with web.running() as worker:
            await worker.stop.requested.wait()


async def test_spans_of_calls_hold_those_of_the_api_calls_that_endpoints_make(web: Web) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    headers = {"Authorization": web.platform.api_key}
    async with web.running(spans=OtelSpans(provider)), web.client(headers=headers) as client:
        assert (await client.get("/api/owner?secret=1")).status_code == 200
        assert (await client.get("/api/owner-async")).status_code == 200
        assert (await client.get("/guest/crash")).status_code == 500

    spans = exporter.get_finished_spans()
    calls = [span for span in spans if span.name == "web GET"]
    made = [span for span in spans if span.name == "GET"]
    assert [span.attributes["http.response.status_code"] for span in calls if span.attributes] == [200, 200, 500]
    assert [span.status.is_ok or span.status.is_unset for span in calls] == [True, True, False]
    assert {span.attributes["url.path"] for span in calls if span.attributes} >= {"/api/owner"}
    by_id = {span.context.span_id: span for span in calls if span.context}
    assert len(made) >= 2
    assert {by_id[span.parent.span_id].name for span in made if span.parent} == {"web GET"}


@pytest.mark.parametrize("told_by", ["the platform", "the caller", "nobody"])
def test_a_call_goes_on_in_its_trace(told_by: str) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    parent = f"00-{TRACE}-00f067aa0ba902b7-01"
    call = WebTask(
        options=WebTaskOptions(
            correlation_id="c", reply_to="r", connect_correlation_id=parent if told_by == "the platform" else None
        ),
        request=HttpRequest(
            method="get", url="/api/x?secret=1", headers={"Traceparent": parent} if told_by == "the caller" else {}
        ),
    )
    with OtelSpans(provider).web_call(call) as answered:
        answered(200)

    (span,) = exporter.get_finished_spans()
    assert span.context is not None
    assert (f"{span.context.trace_id:032x}" == TRACE) == (told_by != "nobody")
    assert span.attributes == {
        "http.request.method": "GET",
        "url.path": "/api/x",
        "http.response.status_code": 200,
    }


async def test_lines_of_an_endpoint_name_the_call_as_json(web: Web) -> None:
    lines: list[dict[str, str]] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(self.format(record)))

    keeper, logger = Keeper(), logging.getLogger("eaas")
    keeper.setFormatter(JsonFormatter("web"))
    logger.addHandler(keeper)
    try:
        async with web.running(), web.client(headers={"Authorization": web.platform.api_key}) as client:
            await client.get("/api/state?token=hidden")
    finally:
        logger.removeHandler(keeper)

    (own,) = [line for line in lines if line["message"] == "the state is asked for"]
    assert (own["event_type"], own["object_id"]) == ("web_task", "GET /api/state")
    assert own["task_id"]
    assert own["logger"] == "eaas.webapp"


@pytest.mark.parametrize(("runtime", "told"), [("cloud", True), ("local", False)])
async def test_death_of_a_process_is_told_in_cloud_mode(web: Web, runtime: str, told: bool) -> None:
    environments = web.platform.services.environments
    if told:
        environments.update(web.environment_id, {"runtime": "cloud"})
    death = "The web worker of instance I ended (signal SIGKILL) and was replaced."
    with web.platform.services.signals.listen(lambda _: True) as inbox:
        async with web.running(death=death), web.client(headers={"Authorization": web.platform.api_key}) as client:
            with anyio.fail_after(10):
                while told and environments.get(web.environment_id).error_output is None:
                    await inbox.get()
            assert (await client.get("/api/state")).status_code == 200

    assert environments.get(web.environment_id).error_output == (death if told else None)
