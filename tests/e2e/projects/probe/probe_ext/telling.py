"""The handlers' side of the tests' journal and gate: two named pipes."""

from __future__ import annotations

import json
import os
from typing import Any


def tell(**facts: Any) -> None:
    """Write one line into the journal."""
    line = json.dumps({"pid": os.getpid(), **facts}).encode() + b"\n"
    pipe = os.open(os.environ["PROBE_JOURNAL"], os.O_WRONLY)
    try:
        os.write(pipe, line)
    finally:
        os.close(pipe)


def wait_at_the_gate() -> None:
    """Wait until the test opens the gate."""
    pipe = os.open(os.environ["PROBE_GATE"], os.O_RDONLY)
    try:
        os.read(pipe, 1)
    finally:
        os.close(pipe)
