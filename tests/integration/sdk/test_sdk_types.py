"""What a type checker sees of the installed SDK, from an author's project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
from connect.eaas.core.decorators import event
from connect.eaas.core.extension import EventsApplicationBase
from connect.eaas.core.responses import BackgroundResponse as Old
from connect_eaas import BackgroundResponse as New


class Application(EventsApplicationBase):
    @event("asset_purchase_request_processing", statuses=["pending"])
    def purchase(self, request: dict[str, object]) -> Old:
        reveal_type(Old.reschedule(60))
        reveal_type(New.done())
        return Old.done()


Old.reschedule("soon")
"""


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_types_are_seen_under_both_names(tmp_path: Path) -> None:
    file = tmp_path / "author.py"
    file.write_text(CODE)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}", str(file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.removeprefix(f"{file.name}:") for line in done.stdout.splitlines()]
    revealed = [line for line in lines if "Revealed type" in line]
    assert [line.partition('"')[2] for line in revealed] == ['connect_eaas.responses.BackgroundResponse"'] * 2, (
        done.stdout
    )
    errors = [line for line in lines if ": error:" in line]
    assert len(errors) == 1, done.stdout
    assert 'incompatible type "str"; expected "int"' in errors[0]
