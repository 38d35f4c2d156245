"""From answers to a project, and from a key of the wizard to the terminal that shows it."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from fcntl import ioctl
from pathlib import Path

from benchmarks.rows import Row

PROJECTS = 7
PROMISED_PROJECT_S = 1.5
KEYS = 60
PROMISED_KEY_S = 0.03

_CCLI = [sys.executable, "-c", "from connect_cli_ext.main import main; main()"]
_BOOTSTRAP = [*_CCLI, "project", "extension", "bootstrap"]
_ANSWERS = {
    "project_name": "Measured",
    "extension_type": "multiaccount",
    "application_types": ["events", "anvil", "webapp"],
    "include_variables_example": "y",
}
_UNLIKE_SEQUENCES = b"zyvowx"
"""Letters that end no control sequence, so that each is seen when it is drawn."""
_PATIENCE_S = 30.0


def run() -> list[Row]:
    """Measure both."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        print("the bootstrap wizard")
        return [_projects(home), _keys(home)]


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"}


def _projects(home: Path) -> Row:
    answers, seconds = home / "answers.json", []
    answers.write_text(json.dumps(_ANSWERS))
    for number in range(PROJECTS + 1):
        folder = home / str(number)
        folder.mkdir()
        command = [*_BOOTSTRAP, "--load-answers", str(answers), "--defaults", "--output-dir", str(folder)]
        begun = time.perf_counter()
        subprocess.run(command, env=_environment(home), check=True, capture_output=True)
        seconds.append(time.perf_counter() - begun)
    # The first one compiles what was never imported.
    median = statistics.median(seconds[1:])
    holds = median <= PROMISED_PROJECT_S
    print(f"  project from answers, multi-account with all {median:.2f} s   {'holds' if holds else 'DOES NOT HOLD'}")
    return Row("bootstrap from answers, median", f"{median:.2f} s", f"≤ {PROMISED_PROJECT_S:g} s", holds)


def _keys(home: Path) -> Row:
    terminal, other_end = pty.openpty()
    ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    with subprocess.Popen(
        [*_BOOTSTRAP, "--output-dir", str(home)],
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
        env=_environment(home),
        start_new_session=True,
    ) as child:
        os.close(other_end)
        try:
            _read_until(terminal, b"of 22")
            os.write(terminal, b"\r")
            _read_until(terminal, b"2 of 22")
            seconds = [_drawn_s(terminal, key) for key in _UNLIKE_SEQUENCES * (KEYS // len(_UNLIKE_SEQUENCES))]
        finally:
            child.send_signal(signal.SIGKILL)
            os.close(terminal)
    worst = sorted(seconds)[int(len(seconds) * 0.95)]
    median, holds = statistics.median(seconds), worst < PROMISED_KEY_S
    print(
        f"  a key drawn, 120×40: median {median * 1000:.1f} ms, 95 of 100 within {worst * 1000:.1f} ms   "
        f"{'holds' if holds else 'DOES NOT HOLD'}"
    )
    measured = f"{median * 1000:.1f} ms, 95 of 100 within {worst * 1000:.1f} ms"
    return Row("wizard: a key drawn, 120×40", measured, f"< {PROMISED_KEY_S * 1000:.0f} ms", holds)


def _drawn_s(terminal: int, key: int) -> float:
    begun = time.perf_counter()
    os.write(terminal, bytes([key]))
    _read_until(terminal, bytes([key]))
    return time.perf_counter() - begun


def _read_until(terminal: int, text: bytes) -> None:
    """Read what is drawn until ``text`` is among it and no more follows at once."""
    seen, deadline = b"", time.perf_counter() + _PATIENCE_S
    while text not in seen:
        if not select.select([terminal], [], [], deadline - time.perf_counter())[0]:
            raise TimeoutError(f"{text!r} did not appear; there is: {seen[-300:]!r}")
        seen += os.read(terminal, 65536)


if __name__ == "__main__":
    run()
