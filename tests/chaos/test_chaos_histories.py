"""Random histories of faults at every message boundary: 10,000 of them, and 1,000 with ``CHAOS=short``.

What was played stands at the end of the output. ``CHAOS_SEED=<number>`` plays others.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chaos_size import HISTORIES
from history import History, play
from platform_in_memory import PlatformInMemory
from promises import TRIES

FAULTS = ("drop", "duplicate", "repeat", "delay", "cut", "kill_runner", "kill_platform", "rubbish")
ENDS = ("success", "skip", "fail", "retry", "reschedule", "lost", "expired", "late", "tried ten times more")
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
async def test_no_history_of_faults_loses_or_doubles_work(record_property: Callable[[str, object], None]) -> None:
    players = min(os.cpu_count() or 1, 8)
    first = int(os.environ.get("CHAOS_SEED", "0"))
    begun = time.monotonic()
    seen: Counter[str] = Counter()
    for number, (status, output, errors) in enumerate(
        await asyncio.gather(*(_play(first + number, -(-HISTORIES // players)) for number in range(players)))
    ):
        assert status == 0, f"with the seed {first + number}:\n{errors[-6000:]}"
        seen.update(json.loads(output))
    took = f"{time.monotonic() - begun:.0f} s by {players} processes, {seen['cpu_ms'] / 1000:.0f} s of CPU"
    played = f"{seen['histories']} histories in {took}"
    record_property("histories", [played, _counted("faults", FAULTS, seen), _counted("seen", ENDS, seen)])

    assert seen["histories"] >= HISTORIES
    for what in ENDS:
        assert seen[what], f"in no history: {what}"
    for fault in FAULTS:
        assert seen[fault] >= HISTORIES / 20, f"in hardly any history: {fault}"


def _counted(title: str, words: tuple[str, ...], seen: Counter[str]) -> str:
    return f"{title}: " + ", ".join(f"{word.replace('_', ' ')} {seen[word]}" for word in words)


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

    assert seen["retry"] == 2 * TRIES == 22
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

    assert tries == TRIES
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
