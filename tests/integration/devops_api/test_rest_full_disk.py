from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text
from starlette.types import Receive, Scope, Send

from connect_devops.api.middleware import ErrorShield


async def test_a_full_disk_is_named_to_the_caller(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'small.db'}")

    async def writes(_scope: Scope, _receive: Receive, _send: Send) -> None:
        with engine.begin() as connection:
            # SQLite says the same as when the file system is full.
            connection.execute(text("PRAGMA max_page_count = 2"))
            connection.execute(text("CREATE TABLE notes (note TEXT)"))
            connection.execute(text("INSERT INTO notes VALUES (:note)"), {"note": "private " * 10_000})

    transport = httpx.ASGITransport(app=ErrorShield(writes))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.post("/public/v1/requests")
    engine.dispose()
    assert answer.status_code == 503
    (problem,) = answer.json()["errors"]
    assert problem.startswith("The platform's database fails: database or disk is full; ")
    assert "private" not in problem
    assert problem.rpartition(" ")[2].rstrip(".") in caplog.text
