"""One plane for all examples, started and stopped by the commands of the guides."""

from collections.abc import Iterator

import pytest

from tests.docs.pages import ROOT
from tests.docs.shell import Shell
from tests.plane.up import free_ports


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell with a plane in its folder, at the time scale that the guides use."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "loadtest").symlink_to(ROOT / "loadtest")
    shell = Shell(folder)
    port, http_port, https_port = free_ports(3)
    ports = f"--port {port} --http-port {http_port} --https-port {https_port}"
    started = shell.run(f"rehearse up --detach --time-scale 10 {ports}")
    assert started.returncode == 0, started.stderr
    yield shell
    stopped = shell.run("rehearse down")
    assert stopped.returncode == 0, stopped.stderr
