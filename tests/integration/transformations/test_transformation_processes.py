"""Transformations under kill -9 in the real command, large files, and the other ways in."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from transformations_stage import PATIENCE_S, Stage

from connect_eaas import RowTransformationResponse, TransformationsApplicationBase, transformation
from connect_eaas.runner.sheets import WorkbookWriter

KILLED_ONCE = """
    import os
    from pathlib import Path

    from connect_eaas import RowTransformationResponse, TransformationsApplicationBase, transformation

    KILLED = Path(__file__).parents[1] / "killed"


    class Sheets(TransformationsApplicationBase):
        @transformation("Upper", "Shouts", "/static/edit.html")
        async def upper(self, row):
            if row["id"].endswith("500") and not KILLED.exists():
                KILLED.touch()
                os.kill(os.getpid(), 9)
            return RowTransformationResponse.done(row)
"""


def write_project(root: Path) -> Path:
    package = root / "sheets_extension"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "sheets.py").write_text(dedent(KILLED_ONCE))
    urls = {"readme_url": "https://example.org/r", "changelog_url": "https://example.org/c"}
    (package / "extension.json").write_text(json.dumps({"name": "x", **urls}))
    (root / "pyproject.toml").write_text(
        '[project]\nname = "sheets-extension"\nversion = "1"\n'
        '[project.entry-points."connect.eaas.ext"]\ntfnapp = "sheets_extension.sheets:Sheets"\n'
    )
    static = package / "static"
    static.mkdir()
    (static / "edit.html").write_text("<html></html>")
    return root


async def test_a_spreadsheet_whose_process_is_killed_midway_is_delivered_again_and_done(
    stage: Stage, tmp_path: Path
) -> None:
    root = write_project(tmp_path / "project")
    with stage.platform.services.signals.listen(lambda _: True) as inbox:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "connect_eaas.runner.main",
            "--no-rich-logging",
            cwd=root,
            env={**os.environ, **stage.variables(), "CONNECT_RUNNER_STATE_DIR": str(tmp_path / "state")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:

            async def known() -> None:
                while not (await stage.api.get("devops/transformations")).json():
                    await inbox.get()

            await asyncio.wait_for(known(), PATIENCE_S)
            request, tasks, notes = await stage.trigger(**{"transformation.method": "upper", "stats.rows.total": 900})
            assert tasks, notes
            request, status = await stage.ended(request["id"], tasks[0]["id"], inbox)
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), PATIENCE_S)
    assert (root / "killed").exists()
    assert (status, request["status"]) == ("succeeded", "completed")
    assert len(list((await stage.result(request))["Data"].iter_rows())) == 901


class Plain(TransformationsApplicationBase):
    @transformation("Upper", "Shouts", "/static/edit.html")
    async def upper(self, row: dict[str, Any]) -> RowTransformationResponse:
        return RowTransformationResponse.done(row)


async def test_a_pricing_request_is_transformed(stage: Stage) -> None:
    with stage.platform.services.signals.listen(lambda _: True) as inbox:
        async with stage.runner(Plain):
            made = (
                await stage.api.post(
                    "devops/local/trigger", json={"event_type": "pricing_transformation_request", "set": {}}
                )
            ).json()
            task_id, request_id = made["tasks"][0]["id"], made["object"]["id"]

            async def settled() -> str:
                while (status := stage.platform.services.queue.get(task_id).status) not in ("succeeded", "failed"):
                    await inbox.get()
                return status

            assert await asyncio.wait_for(settled(), PATIENCE_S) == "succeeded"
    assert (await stage.api.get(f"pricing/requests/{request_id}")).json()["status"] == "completed"


async def test_a_file_uploaded_as_a_form_is_answered_as_json_and_comes_back(stage: Stage) -> None:
    answer = await stage.api.post(
        "media/folders/streams_batches/STRB-1/files", files={"file": ("in.xlsx", b"content", "application/zip")}
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    content = await stage.api.get(f"{stage.platform.url}{answer.json()['file']}")
    assert content.content == b"content"


_PEAK = """
import sys
from pathlib import Path
from benchmarks.pieces import sheets
sheets.WAYS["ours"]()(Path(sys.argv[1]), Path(sys.argv[2]))
print(sheets.peak_mb())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of resident memory")
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    source, peaks = tmp_path / "in.xlsx", []
    names = ["id", "sku", "note", "quantity", "price", "share", "day", "renews", "discount", "region"]
    for rows in (5_000, 50_000):
        with WorkbookWriter(source) as workbook:
            sheet = workbook.sheet("Data", names)
            sheet.write(
                ([f"AS-{number}", f"SKU-{number}", "x" * 40, number, number / 7, *[None] * 5], None)
                for number in range(rows)
            )
            sheet.close()
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, source, tmp_path / "out.xlsx"],
            check=True,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        peaks.append(float(done.stdout))
    assert max(peaks) < 150
    assert peaks[1] - peaks[0] < 15
