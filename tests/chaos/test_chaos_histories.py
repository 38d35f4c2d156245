"""Random histories of faults at every message boundary: 1,000 of them, and 10,000 with ``CHAOS=full``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos_size import FULL
from history import History, play
from platform_in_memory import PlatformInMemory

from connect_devops.domain.task import RetryPolicy

HISTORIES = 10_000 if FULL else 1_000
_PLAYER = Path(__file__).with_name("play_histories.py")


@pytest.fixture
def memory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def platform_in_memory(memory: Path) -> Iterator[PlatformInMemory]:
    made = PlatformInMemory(memory)
    yield made
    made.close()


@pytest.mark.timeout(900)
async def test_no_history_of_faults_loses_or_doubles_work() -> None:
    players = min(os.cpu_count() or 1, 8)
    seen: Counter[str] = Counter()
    for number, (status, output, errors) in enumerate(
        await asyncio.gather(*(_play(number, -(-HISTORIES // players)) for number in range(players)))
    ):
        assert status == 0, f"with the seed {number}:\n{errors[-6000:]}"
        seen.update(json.loads(output))

    assert seen["histories"] >= HISTORIES
    for what in ("success", "skip", "fail", "retry", "reschedule", "lost", "expired", "late", "tried ten times more"):
        assert seen[what], f"in no history: {what}"
    for fault in ("drop", "duplicate", "cut", "kill_runner", "kill_platform", "time_passes"):
        assert seen[fault], f"in no history: {fault}"


async def _play(number: int, how_many: int) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(_PLAYER), str(number), str(how_many)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, output.decode(), errors.decode()


def test_task_that_always_asks_for_a_retry_is_tried_once_and_ten_times_more(
    platform_in_memory: PlatformInMemory, memory: Path
) -> None:
    # The first number makes handlers that never have enough.
    seen = play(b"\x97", platform_in_memory, memory)

    assert seen["retry"] == 2 * (RetryPolicy().limit + 1) == 22
    assert seen["tried ten times more"] == 2


def test_task_that_kills_its_runner_is_tried_once_and_ten_times_more(
    platform_in_memory: PlatformInMemory, memory: Path
) -> None:
    platform_in_memory.clear()
    history = History(b"", platform_in_memory, memory)
    (runner, _) = history.runners
    history.publish(runner)
    tries = 0
    while not platform_in_memory.all_done():
        history.connect(runner)
        history.arrive_at_platform(runner)
        history.pump(runner)
        while runner.incoming:
            history.arrive_at_runner(runner)
        tries += len(runner.running)
        runner.die()
        history.time_passes(runner)
    history.check()

    assert tries == RetryPolicy().limit + 1
    assert history.seen["lost"] == tries


def test_task_of_a_runner_that_stays_away_goes_to_another_one_after_the_grace(
    platform_in_memory: PlatformInMemory, memory: Path
) -> None:
    platform_in_memory.clear()
    history = History(b"", platform_in_memory, memory)
    gone, other = history.runners
    history.publish(gone)
    for runner in (gone, other):
        history.connect(runner)
        history.arrive_at_platform(runner)
        history.arrive_at_runner(runner)
    history.pump(gone)
    history.arrive_at_runner(gone)
    assert len(gone.running) == 1
    gone.die()
    history.notice(gone)
    history.pump(other)
    assert not other.incoming, "the runner may still come back"

    # Longer than the grace, and much shorter than the lease.
    history.time_passes(other)
    history.pump(other)
    history.arrive_at_runner(other)

    assert len(other.running) == 1
    for runner in (gone, other):
        runner.results.close()
