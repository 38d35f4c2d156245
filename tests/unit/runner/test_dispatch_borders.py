"""The dispatcher where handlers, limits and stops are not what one expects."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from inspect import signature
from io import StringIO
from typing import Any, cast

import anyio
import pytest

from connect_eaas.applications import EventsApplicationBase
from connect_eaas.client import ClientFactory
from connect_eaas.declarations import Declarations
from connect_eaas.decorators import event
from connect_eaas.protocol.messages import Task, TaskInput, TaskOptions, TaskOutput
from connect_eaas.responses import ValidationResponse
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.dispatch import Dispatcher
from connect_eaas.runner.log_records import JsonFormatter, LineHandler
from connect_eaas.runner.results import Results
from connect_eaas.runner.settings import Limits

PURCHASE = "asset_purchase_request_validation"


class Validator(EventsApplicationBase):
    @event(PURCHASE, statuses=[])
    async def validate(self, request: dict[str, Any]) -> ValidationResponse:
        return ValidationResponse.done({"by": "the class", "thread": threading.current_thread().name})


def delivery(number: int = 1) -> Task:
    return Task(
        options=TaskOptions(task_id=f"TQ-{number}", task_category="interactive"),
        input=TaskInput(event_type=PURCHASE, object_id=f"PR-{number}", data={"id": f"PR-{number}"}),
    )


def dispatcher(
    cls: type[EventsApplicationBase],
    limits: Limits | None = None,
    results: Results | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Dispatcher:
    ready = asyncio.Event()
    ready.set()
    return Dispatcher(
        "interactive",
        declarations=Declarations.of(cls),
        configuration=Configuration("ENV-0000-0000-01"),
        api=cast("Any", None),
        clients=ClientFactory(api_key="ApiKey SU-1:k", endpoint="http://127.0.0.1:9/public/v1"),
        headers=lambda _: {},
        results=results if results is not None else Results(),
        limits=limits or Limits(),
        clock=clock,
        ready=ready,
    )


async def outcome(cls: type[EventsApplicationBase], limits: Limits | None = None) -> TaskOutput:
    results = Results()
    made = dispatcher(cls, limits, results)
    made.accept(delivery())
    with anyio.fail_after(20):
        await made.drained()
    await made.abandon()
    (answer,) = results.owed
    assert answer.output is not None
    return answer.output


async def test_a_coroutine_function_that_refuses_its_argument_has_raised() -> None:
    async def validate(self: Any) -> ValidationResponse:
        return ValidationResponse.done({})

    # As a decorator leaves it that copies the signature of what it wraps.
    cast("Any", validate).__signature__ = signature(Validator.validate)
    odd = type("Odd", (EventsApplicationBase,), {"validate": event(PURCHASE, statuses=[])(validate)})

    output = await outcome(odd)

    assert output.result == "fail"
    assert output.message is not None
    assert output.message.startswith("TypeError: ")
    assert "validate() takes 1 positional argument but 2 were given" in output.message


async def test_what_a_constructor_puts_in_a_methods_place_is_called_as_what_it_is() -> None:
    class Plain(Validator):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            cast("Any", self).validate = lambda request: ValidationResponse.done(
                {"by": "the instance", "thread": threading.current_thread().name}
            )

    output = await outcome(Plain)

    assert output.data is not None
    assert output.data["body"]["by"] == "the instance"
    assert output.data["body"]["thread"].startswith("interactive-handler")


async def test_a_limit_is_told_as_it_was_set() -> None:
    class Slow(EventsApplicationBase):
        @event(PURCHASE, statuses=[])
        async def validate(self, request: dict[str, Any]) -> None:
            await asyncio.Event().wait()

    output = await outcome(Slow, Limits(interactive_s=1))

    assert output.message == "Slow.validate took longer than 1 s"


async def test_what_gets_its_turn_after_its_limit_does_not_begin() -> None:
    now, begun, released = 0.0, asyncio.Event(), threading.Event()
    loop, runs = asyncio.get_running_loop(), []

    class Blocking(EventsApplicationBase):
        @event(PURCHASE, statuses=[])
        def validate(self, request: dict[str, Any]) -> ValidationResponse:
            runs.append(request["id"])
            loop.call_soon_threadsafe(begun.set)
            released.wait(20)
            return ValidationResponse.done({})

    results = Results()
    made = dispatcher(Blocking, Limits(interactive_tasks=1), results, lambda: now)
    made.accept(delivery(1))
    await begun.wait()
    made.accept(delivery(2))
    await asyncio.sleep(0)
    now = 121.0
    released.set()
    with anyio.fail_after(20):
        await made.drained()
    made.accept(delivery(3))
    with anyio.fail_after(20):
        await made.drained()
    await made.abandon()

    assert runs == ["PR-1", "PR-3"]
    messages = [answer.output.message for answer in results.owed if answer.output is not None]
    assert messages == [None, "all handlers are busy; see CONNECT_MAX_RUNNING_TASKS", None]


async def test_a_stop_hands_back_what_came_in_the_same_turn() -> None:
    made = dispatcher(Validator)
    made.accept(delivery())

    assert made.stop_taking() == 1
    with anyio.fail_after(5):
        await made.drained()
    assert made.leases == []
    await made.abandon()


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What is logged of tasks, as JSON."""
    written = StringIO()
    handler = LineHandler(written)
    handler.setFormatter(JsonFormatter("interactive"))
    logger = logging.getLogger("connect.eaas.runner.tasks")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(level)


def by_task(lines: StringIO) -> list[tuple[str, str]]:
    """Of each line the task that its text begins with, and the one by which it can be found."""
    read = [json.loads(line) for line in lines.getvalue().splitlines()]
    return [(line["message"].partition(" ")[0].rstrip(":"), line["task_id"]) for line in read]


async def test_each_line_is_found_by_its_own_task(lines: StringIO) -> None:
    made = dispatcher(Validator)
    for number in range(4):
        made.accept(delivery(number))
    await made.drained()
    await asyncio.sleep(0)
    await made.abandon()

    found = by_task(lines)
    assert [told for told, _ in found] == ["TQ-0", "TQ-1", "TQ-2", "TQ-3"]
    assert all(told == task_id for told, task_id in found)


async def test_lines_of_a_task_that_outlives_its_limit_are_found_by_it(lines: StringIO) -> None:
    released = asyncio.Event()

    class Stubborn(EventsApplicationBase):
        @event(PURCHASE, statuses=[])
        async def validate(self, request: dict[str, Any]) -> ValidationResponse:
            with contextlib.suppress(asyncio.CancelledError):
                await released.wait()
            await released.wait()
            return ValidationResponse.done({})

    made = dispatcher(Stubborn, Limits(interactive_s=0))
    for number in range(3):
        made.accept(delivery(number))
    await made.drained()
    assert made.overdue == 3
    released.set()
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("TQ-")))
    await asyncio.sleep(0)
    assert made.overdue == 0
    await made.abandon()

    found = by_task(lines)
    assert {told for told, _ in found} == {"TQ-0", "TQ-1", "TQ-2"}
    assert all(told == task_id for told, task_id in found)
