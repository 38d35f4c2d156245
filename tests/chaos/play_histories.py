"""Plays random histories in a process of its own: ``python play_histories.py SEED HOW_MANY``.

Prints what was seen as JSON; a history that breaks a promise ends it with Hypothesis' shortest example of one.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from history import play
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from platform_in_memory import PlatformInMemory


def main(number: int, how_many: int) -> None:
    # Nothing here measures time, and tests that do may run beside.
    os.nice(5)
    # What is loaded stays: looking through it for rubbish again and again is a tenth of the work.
    gc.freeze()
    # Refused results are part of the game.
    logging.getLogger("connect_devops").setLevel(logging.ERROR)
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        platform = PlatformInMemory(Path(folder))

        @seed(number)
        @settings(max_examples=how_many, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.binary(min_size=24, max_size=64))
        def histories(script: bytes) -> None:
            seen.update(play(script, platform, Path(folder)))
            seen["histories"] += 1

        try:
            histories()
        finally:
            platform.close()
    sys.stdout.write(json.dumps({**seen, "cpu_ms": round(time.process_time() * 1000)}))


def _memory() -> str | None:
    """A directory in memory, where there is one: journals are forced to the disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
