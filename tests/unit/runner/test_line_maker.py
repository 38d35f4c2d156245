"""Lines that are made cheaply look like lines that are made as usual."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from io import StringIO
from typing import Any

import pytest

from connect_eaas.runner.log_records import (
    CURRENT_TASK,
    JsonFormatter,
    LineHandler,
    LineMaker,
    PlainFormatter,
    TaskIdentity,
)

FORMAT = "%(asctime)s %(name)s %(levelname)s PID_%(process)d %(message)s"


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def logger() -> Any:
    made = logging.getLogger("line-maker-test")
    made.setLevel(logging.INFO)
    made.propagate = False
    handler = Kept()
    made.addHandler(handler)
    yield made
    made.removeHandler(handler)
    for each in list(made.filters):
        made.removeFilter(each)


def records(logger: logging.Logger) -> list[logging.LogRecord]:
    (handler,) = (handler for handler in logger.handlers if isinstance(handler, Kept))
    return handler.records


def test_each_line_has_its_own_arguments_and_time(logger: logging.Logger) -> None:
    lines = LineMaker(logger, logging.INFO, "%s in %d s")
    before = time.time()
    for number in range(3):
        lines.log("TQ-1", number)
    after = time.time()

    made = records(logger)
    assert [record.getMessage() for record in made] == ["TQ-1 in 0 s", "TQ-1 in 1 s", "TQ-1 in 2 s"]
    assert before <= made[0].created <= made[1].created <= made[2].created <= after
    assert made[0].relativeCreated <= made[1].relativeCreated <= made[2].relativeCreated
    usual = logger.makeRecord(logger.name, logging.INFO, "f", 0, "%s", ("x",), None)
    for record in made:
        assert set(vars(record)) - {"message", "asctime"} == set(vars(usual))
        assert (record.process, record.threadName, record.levelname) == (
            usual.process,
            usual.threadName,
            usual.levelname,
        )
        assert abs(record.msecs - record.created % 1 * 1000) < 1


def test_levels_filters_and_other_factories_are_respected(logger: logging.Logger) -> None:
    lines = LineMaker(logger, logging.INFO, "%s")
    logger.addFilter(lambda record: "secret" not in record.getMessage())
    lines.log("shown")
    lines.log("secret")
    factory = logging.getLogRecordFactory()

    def marked(*arguments: Any, **options: Any) -> logging.LogRecord:
        record = factory(*arguments, **options)
        record.marked = True
        return record

    logging.setLogRecordFactory(marked)
    try:
        lines.log("marked")
    finally:
        logging.setLogRecordFactory(factory)
    logger.setLevel(logging.WARNING)
    lines.log("too quiet")

    assert [(record.getMessage(), hasattr(record, "marked")) for record in records(logger)] == [
        ("shown", False),
        ("marked", True),
    ]


def test_json_lines_name_the_task(logger: logging.Logger) -> None:
    lines = LineMaker(logger, logging.INFO, "%s")
    token = CURRENT_TASK.set(TaskIdentity("TQ-1", "event", "PR-1"))
    try:
        lines.log("first")
        lines.log("second")
        shown = [json.loads(JsonFormatter("background").format(record)) for record in records(logger)]
    finally:
        CURRENT_TASK.reset(token)

    assert [line["message"] for line in shown] == ["first", "second"]
    assert (
        shown[0].keys()
        == shown[1].keys()
        == {*("time", "level", "logger", "message", "process", "worker", "task_id", "event_type", "object_id")}
    )


@pytest.mark.parametrize("with_error", [False, True])
def test_plain_lines_are_those_of_the_standard_library(logger: logging.Logger, with_error: bool) -> None:
    try:
        raise ValueError("trouble")
    except ValueError:
        error = sys.exc_info() if with_error else None
    plain, usual = PlainFormatter(), logging.Formatter(FORMAT)
    for created in (0.0, 1_700_000_000.0, 1_700_000_000.25, 1_700_000_001.999):
        record = logger.makeRecord(logger.name, logging.WARNING, "f", 0, "a %s", ("line",), error)
        record.created, record.msecs = created, created % 1 * 1000
        assert plain.format(record) == usual.format(record)


async def test_lines_bear_no_name_of_another_asyncio_task(logger: logging.Logger) -> None:
    lines = LineMaker(logger, logging.INFO, "%s")
    for name in ("TQ-1", "TQ-2"):
        await asyncio.create_task(_log(lines, name), name=name)

    made = records(logger)
    assert [record.getMessage() for record in made] == ["TQ-1", "TQ-2"]
    assert getattr(made[1], "taskName", None) is None


async def _log(lines: LineMaker, text: str) -> None:
    lines.log(text)


def test_a_line_that_cannot_be_written_harms_nobody(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = StringIO()
    closed.close()
    handler = LineHandler(closed)
    logger.addHandler(handler)
    monkeypatch.setattr(sys, "stderr", closed)
    try:
        logger.info("lost here")
    finally:
        logger.removeHandler(handler)

    assert [record.getMessage() for record in records(logger)] == ["lost here"]
