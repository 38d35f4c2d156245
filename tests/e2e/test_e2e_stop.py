"""Promises: the stop is graceful; a reload picks up what was saved and loses nothing that runs."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from loop import Loop

pytestmark = pytest.mark.e2e


def test_stop_is_graceful(make_loop: Callable[..., Loop]) -> None:
    loop = make_loop(CONNECT_MAX_RUNNING_TASKS="1")
    runner = loop.start_runner()
    request, running = loop.purchase("hold")
    loop.journal.expect(began=request)
    _, waiting = loop.purchase()
    # It lies in the runner's hands already, behind the one that runs.
    loop.until(lambda: len(loop.attempts(waiting)) == 1, "the second task is delivered")
    runner.process.send_signal(signal.SIGTERM)
    loop.until_logged("stopping (")
    # From here on it takes nothing new.
    _, late = loop.purchase()
    assert runner.process.poll() is None
    assert loop.task(running)["status"] == "processing"
    loop.journal.open_gate()
    assert runner.process.wait(20) == 0
    loop.journal.expect(ended=request)
    loop.journal.expect(hook="shutdown")
    assert [attempt["outcome"] for attempt in loop.attempts(running)] == ["success"]
    assert loop.task(running)["status"] == "succeeded"
    assert not loop.journal.read(), "something ran after the stop"
    log = loop.runner_log.read_text()
    assert "1 task(s) finished in this run, 1 handed back" in log
    assert "Traceback" not in log
    assert {loop.task(task)["attempt_count"] for task in (waiting, late)} <= {0, 1}

    # Nothing of what was handed back is lost.
    loop.start_runner()
    loop.settle()
    assert {loop.task(task)["status"] for task in (running, waiting, late)} == {"succeeded"}
    # And the platform stops in order too.
    assert loop.platform.stop() == 0
    assert "Traceback" not in loop.platform_log.read_text()


def test_a_second_signal_stops_at_once(make_loop: Callable[..., Loop]) -> None:
    loop = make_loop()
    runner = loop.start_runner()
    request, task = loop.purchase("hold")
    loop.journal.expect(began=request)
    runner.process.send_signal(signal.SIGTERM)
    loop.until_logged("stopping (")
    runner.process.send_signal(signal.SIGTERM)
    assert runner.process.wait(20) == 1
    loop.start_runner()
    loop.journal.open_gate()
    loop.settle()
    assert loop.task(task)["status"] == "succeeded"


def test_reload_runs_what_was_saved_and_loses_no_task(make_loop: Callable[..., Loop]) -> None:
    loop = make_loop(CONNECT_STOP_TIMEOUT="1")
    runner = loop.start_runner("-d", "-r")
    source = loop.project / "probe_ext" / "events.py"
    text = source.read_text()
    request, patient = loop.purchase("hold")
    assert loop.journal.expect(began=request)["version"] == "ONE"

    # The running task ends by itself within the time that a stop gives it.
    source.write_text(text.replace('VERSION = "ONE"', 'VERSION = "TWO"'))
    loop.until_logged("stopping (")
    loop.journal.open_gate()
    assert loop.journal.expect(ended=request)["version"] == "ONE"
    loop.journal.expect(hook="startup")
    assert [attempt["outcome"] for attempt in loop.attempts(patient)] == ["success"]

    # This one does not, and is begun again by the new code.
    loop.journal.close_gate()
    second, stubborn = loop.purchase("hold")
    assert loop.journal.expect(began=second)["version"] == "TWO"
    source.write_text(text.replace('VERSION = "ONE"', 'VERSION = "THREE"'))
    loop.journal.expect(hook="startup")
    assert loop.journal.expect(began=second)["version"] == "THREE"
    loop.journal.open_gate()
    loop.settle()
    assert loop.task(stubborn)["status"] == "succeeded"

    # Code that cannot be imported ends nothing: the next file that is saved is run.
    source.write_text("def broken(:\n")
    loop.until_logged("waiting for a change")
    source.write_text(text.replace('VERSION = "ONE"', 'VERSION = "FOUR"'))
    third, last = loop.purchase()
    assert loop.journal.expect(began=third)["version"] == "FOUR"
    loop.until_status(last, "succeeded")
    assert runner.process.poll() is None
    assert runner.stop() == 0
