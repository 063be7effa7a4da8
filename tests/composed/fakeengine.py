"""A Docker engine that answers only its version, and that it has nothing."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

VERSION = {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Arch": "amd64", "Version": "20.10.24"}


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    version: Mapping[str, str] = VERSION

    def do_GET(self) -> None:
        asked = self.path.partition("?")[0]
        body = json.dumps(self.version if asked.endswith("/version") else []).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "a Unix socket"

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def fake_engine(path: Path, **version: str) -> Iterator[str]:
    """The engine on a Unix socket; what DOCKER_HOST has to be. `version` changes its answer."""
    handler = type("Handler", (_Handler,), {"version": {**VERSION, **version}})
    server = _Server(str(path), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"unix://{path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
