"""The client's connections, in a process of their own: gevent must not meet pytest."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.runtime

# Two requests in quick succession, one after the longest idleness: how many connections are made?
PROGRAM = """
import gevent.monkey; gevent.monkey.patch_all()
import gevent
from gevent.server import StreamServer
from loadtest import client

accepted = []

def serve(sock, address):
    accepted.append(address)
    while sock.recv(65536):
        sock.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok")

server = StreamServer(("127.0.0.1", 0), serve)
server.start()
http = client.Client(f"http://127.0.0.1:{server.server_port}", 4, 5.0)
send = lambda: http.send("GET", "/", {}, b"", 5.0)
assert [send().status, send().status] == [200, 200]
used = len(accepted)
gevent.sleep(client.IDLE_MAX_S + 0.1)
assert send().status == 200
print(used, len(accepted))
"""


def test_a_connection_is_used_again_but_not_after_long_idleness() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout.split() == ["1", "2"], done.stderr
