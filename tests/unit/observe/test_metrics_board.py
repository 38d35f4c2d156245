from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from connect_eaas.runner.metrics import BUCKETS_S, Board
from connect_eaas.runner.metrics_export import BoardsCollector

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(directory: Path) -> Samples:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(BoardsCollector(directory, "1.2.3"))  # type: ignore[arg-type]
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def test_sessions_that_are_connected_now(tmp_path: Path) -> None:
    board = Board(tmp_path / "background")
    seen = []
    for happens in (lambda: board.connected(again=False), board.disconnected, lambda: board.connected(again=True)):
        happens()
        seen.append(value(scraped(tmp_path), "connect_sessions_connected", worker="background"))
    # What is left of a process that died is not connected.
    board.clear_gauges()
    seen.append(value(scraped(tmp_path), "connect_sessions_connected", worker="background"))
    board.close()

    assert seen == [1, 0, 1, 0]


ENDED = st.tuples(
    st.sampled_from(["background", "scheduled", "interactive"]),
    st.sampled_from(["success", "skip", "retry", "fail"]),
    st.floats(min_value=0.0, max_value=100_000.0),
)


@given(st.lists(st.tuples(st.sampled_from(["background", "interactive"]), ENDED), max_size=40))
def test_scrape_adds_up_what_all_workers_counted(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, tuple[str, str, float]]]
) -> None:
    directory = tmp_path_factory.mktemp("boards")
    boards = {kind: Board(directory / kind) for kind in ("background", "interactive")}
    for kind, (category, result, seconds) in history:
        boards[kind].task_begun(category)
        boards[kind].task_ended(category, result, seconds)
    samples = scraped(directory)
    for (category, result), count in Counter((item[0], item[1]) for _, item in history).items():
        assert value(samples, "connect_tasks_total", category=category, result=result) == count
    for category in {item[0] for _, item in history}:
        times = [item[2] for _, item in history if item[0] == category]
        name = "connect_task_duration_seconds"
        assert value(samples, f"{name}_count", category=category) == len(times)
        assert value(samples, f"{name}_sum", category=category) == pytest.approx(sum(times))
        for bound in BUCKETS_S[:-1]:
            below = sum(seconds <= bound for seconds in times)
            assert value(samples, f"{name}_bucket", category=category, le=repr(bound)) == below
        assert value(samples, "connect_tasks_running", category=category) == 0


def test_replacement_goes_on_counting_and_holds_nothing_of_the_dead(tmp_path: Path) -> None:
    first = Board(tmp_path / "background")
    first.task_begun("background")
    first.task_begun("background")
    first.task_ended("background", "success", 0.5)
    first.owed(3)
    first.stuck(2)

    second = Board(tmp_path / "background")
    second.clear_gauges()
    second.restarted()
    second.task_begun("background")
    second.task_ended("background", "success", 0.5)

    samples = scraped(tmp_path)
    assert value(samples, "connect_tasks_total", category="background", result="success") == 2
    assert value(samples, "connect_tasks_running", category="background") == 0
    assert value(samples, "connect_outbox_results", worker="background") == 0
    assert value(samples, "connect_handlers_stuck", worker="background") == 0
    assert value(samples, "connect_worker_restarts_total", worker="background") == 1


def test_task_that_was_given_up_has_no_result(tmp_path: Path) -> None:
    board = Board(tmp_path / "background")
    board.task_begun("background")
    board.task_ended("background")
    samples = scraped(tmp_path)
    assert value(samples, "connect_tasks_running", category="background") == 0
    assert not any(amount for (name, _), amount in samples.items() if name == "connect_tasks_total")


def test_words_that_the_runner_does_not_know_are_counted_as_other(tmp_path: Path) -> None:
    board = Board(tmp_path / "background")
    board.task_begun("weekly")
    board.task_ended("weekly", "postponed", 1.0)
    assert value(scraped(tmp_path), "connect_tasks_total", category="other", result="other") == 1


@pytest.mark.parametrize(("status", "shown"), [(101, "1xx"), (204, "2xx"), (404, "4xx"), (599, "5xx"), (999, "5xx")])
def test_web_calls_are_counted_by_the_first_digit_of_their_status(tmp_path: Path, status: int, shown: str) -> None:
    board = Board(tmp_path / "web")
    board.call_answered(status, 0.01)
    samples = scraped(tmp_path)
    assert value(samples, "connect_web_calls_total", status=shown) == 1
    assert value(samples, "connect_web_call_duration_seconds_count") == 1
