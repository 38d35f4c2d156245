"""A small HTTP API for tests: notes what it is asked, and answers what it is told."""

import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Api:
    """A small HTTP API that notes what it is asked, and answers what it is told."""

    port: int = 0
    scheme: str = "http"
    calls: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    statuses: deque[int] = field(default_factory=deque)
    called: threading.Event = field(default_factory=threading.Event)

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/public/v1"

    def headers(self, number: int = -1) -> dict[str, str]:
        return self.calls[number][2]


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Api]:
    api = Api(scheme="https" if tls else "http")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            api.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            api.calls.append((self.command, self.path, {key.lower(): value for key, value in self.headers.items()}))
            api.connections.add(self.client_address)
            status = api.statuses.popleft() if api.statuses else 200
            body = json.dumps({"path": self.path, "installation_api_key": "ApiKey SU-9:installation"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Set-Cookie", 'api_key="leaked"; Path=/')
            self.end_headers()
            self.wfile.write(body)
            api.called.set()

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # Clients that refuse the certificate hang up.

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    api.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
