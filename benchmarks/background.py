"""Background tasks, two API calls each, against the same two calls made in a loop by the fastest client there is.

The candidates for the reference are tried first: the standard library's ``http.client``, ``urllib3``, ``httpx``, and
``aiohttp`` where it is installed.
"""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import statistics
import time
from collections.abc import Awaitable, Callable

import httpx
import urllib3

from benchmarks.pieces.extension import cextrun, run_on_loop
from benchmarks.pieces.platform import ack_frame, serving, task_frame, verdict
from benchmarks.pieces.stub_api import calls as calls_of
from benchmarks.pieces.stub_api import stub_api
from benchmarks.rows import Row

ROUNDS = 5
TASKS = 1000
WIDTH = 64
PATHS = (
    "/public/v1/requests?and(eq(id,PR-1),in(status,(pending)))&limit=0&offset=0",
    "/public/v1/requests/PR-1",
)
HEADERS = {"Authorization": "ApiKey SU-000-000-000:benchmark", "User-Agent": "benchmark"}
Pairs = Callable[[int, int], Awaitable[None]]


def run() -> list[Row]:
    """Measure the candidates, and the runner against the fastest."""
    with stub_api() as port:
        return run_on_loop(_run(port))


async def _run(port: int) -> list[Row]:
    print("background tasks, two API calls each, against the two calls in a loop")
    rates = {}
    for name, pairs in _candidates().items():
        await pairs(port, 20)
        # The best of several, lest something else that runs chooses the reference.
        rates[name] = max([await _rate(pairs, port, TASKS // 10) for _ in range(3)])
        print(f"  {name:<15} {rates[name]:8,.0f} pairs/s")
    name = max(rates, key=rates.__getitem__)
    reference = _candidates()[name]
    rows = []
    async with serving() as platform, cextrun(platform.port, api_port=port) as runner:
        session = await platform.peer("background")
        for number in range(ROUNDS + 1):
            begun = time.perf_counter()
            await reference(port, TASKS)
            theirs = TASKS / (time.perf_counter() - begun)
            numbers = range(number * TASKS, (number + 1) * TASKS)
            frames = [
                task_frame(
                    each, category="background", event_type="asset_purchase_request_processing", object_id="PR-1"
                )
                for each in numbers
            ]
            before, used = calls_of(port), runner.cpu_s()
            ours = TASKS / await session.in_flight(frames, [ack_frame(each) for each in numbers], WIDTH)
            rows.append((theirs, ours, (runner.cpu_s() - used) / TASKS, (calls_of(port) - before) / TASKS))
    theirs, ours, cpu, calls = (statistics.median(column) for column in zip(*rows[1:], strict=True))
    share = statistics.median(row[1] / row[0] for row in rows[1:])
    print(
        f"  the runner      {ours:8,.0f} tasks/s   {name} {theirs:,.0f}/s   share {share:5.0%}   promised 60 %   "
        f"{verdict(share, lambda ratio: ratio >= 0.6)}"
    )
    print(
        f"                  CPU a task {cpu * 1e6:,.0f} µs; {calls:.2f} calls a task, promised 2   "
        f"{verdict(calls, lambda number: number == 2)}"
    )
    return [
        Row(
            "background tasks, two API calls each",
            f"{ours:,.0f}/s",
            "≥ 60 %",
            share >= 0.6,
            f"{theirs:,.0f}/s, {name}",
            f"{share:.0%}",
        ),
        Row("API calls of a background task", f"{calls:.2f}", "2", calls == 2),
    ]


async def _rate(pairs: Pairs, port: int, count: int) -> float:
    begun = time.perf_counter()
    await pairs(port, count)
    return count / (time.perf_counter() - begun)


def _candidates() -> dict[str, Pairs]:
    found: dict[str, Pairs] = {"http.client": _http_client, "urllib3": _urllib3, "httpx": _httpx}
    if importlib.util.find_spec("aiohttp") is not None:
        found["aiohttp"] = _aiohttp
    return found


async def _http_client(port: int, count: int) -> None:
    def loop() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(count):
            for path in PATHS:
                connection.request("GET", path, headers=HEADERS)
                connection.getresponse().read()
        connection.close()

    await asyncio.to_thread(loop)


async def _urllib3(port: int, count: int) -> None:
    def loop() -> None:
        with urllib3.HTTPConnectionPool("127.0.0.1", port) as pool:
            for _ in range(count):
                for path in PATHS:
                    pool.request("GET", path, headers=HEADERS)

    await asyncio.to_thread(loop)


async def _httpx(port: int, count: int) -> None:
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        for _ in range(count):
            for path in PATHS:
                await client.get(f"http://127.0.0.1:{port}{path}", headers=HEADERS)


async def _aiohttp(port: int, count: int) -> None:
    aiohttp = importlib.import_module("aiohttp")
    async with aiohttp.ClientSession() as client:
        for _ in range(count):
            for path in PATHS:
                async with client.get(f"http://127.0.0.1:{port}{path}", headers=HEADERS) as answer:
                    await answer.read()
