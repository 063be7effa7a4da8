"""Who holds a port."""

import os
import socket
import subprocess
import sys

import pytest

from infra.local.runtime.ports import port_holder


@pytest.mark.parametrize(
    ("bound", "wanted", "held"),
    [
        pytest.param("127.0.0.1", "127.0.0.1", True, id="the same address"),
        pytest.param("0.0.0.0", "127.77.0.1", True, id="all addresses"),
        pytest.param("127.77.0.2", "127.77.0.1", False, id="another address"),
        pytest.param("127.77.0.2", "0.0.0.0", True, id="all are wanted, one is taken"),
        pytest.param("::", "127.77.0.1", True, id="all addresses of IPv6 and IPv4"),
        pytest.param("::ffff:127.77.0.1", "127.77.0.1", True, id="the address through IPv6"),
    ],
)
def test_the_holder_is_named_if_it_is_in_the_way(bound: str, wanted: str, held: bool) -> None:
    family = socket.AF_INET6 if ":" in bound else socket.AF_INET
    with socket.socket(family) as listener:
        try:
            listener.bind((bound, 0))
        except OSError:
            pytest.skip("no IPv6 here")
        listener.listen()
        port = listener.getsockname()[1]
        holder = port_holder(port, wanted)
    assert (holder or "").startswith(f"pid {os.getpid()} (") == held
    assert port_holder(port, wanted) is None


@pytest.mark.runtime
def test_another_program_is_named_with_its_command() -> None:
    program = (
        "import socket; s = socket.create_server(('127.0.0.1', 0));"
        "print(s.getsockname()[1], flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        holder = port_holder(int(other.stdout.readline()))
        other.kill()
    assert holder is not None
    assert holder.startswith(f"pid {other.pid} ({sys.executable} -c import socket")
