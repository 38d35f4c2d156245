"""A stand-in for the platform: real HTTP, answers of our choice."""

from __future__ import annotations

import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "ApiKey SU-111-222-333:not-to-be-seen"


@dataclass
class Platform:
    """A small HTTP server that answers as a Connect API does, over whatever is put into it."""

    key: str = KEY
    collections: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    raw: dict[str, tuple[int, str]] = field(default_factory=dict)
    hold: threading.Event | None = None
    asked: threading.Event = field(default_factory=threading.Event)
    requests: list[str] = field(default_factory=list)
    url: str = ""
    date: str | None = None

    @property
    def endpoint(self) -> str:
        return f"{self.url}/public/v1"


def serve(platform: Platform, context: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            platform.asked.set()
            if platform.hold is not None:
                platform.hold.wait(30)
            parts = urlsplit(self.path)
            path = parts.path.removeprefix("/public/v1/")
            platform.requests.append(self.path)
            if path in platform.raw:
                self.answer(*platform.raw[path])
            elif self.headers["Authorization"] != platform.key:
                self.answer(401, json.dumps({"error_code": "AUTH_001", "errors": ["API request is unauthorized."]}))
            else:
                query = parse_qs(parts.query)
                limit, offset = int(query["limit"][0]), int(query["offset"][0])
                self.answer(200, json.dumps(platform.collections.get(path, [])[offset : offset + limit]))

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(timestamp) if platform.date is None else platform.date

        def answer(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that breaks off is part of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    scheme = "http"
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    platform.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server
