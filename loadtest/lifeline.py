"""A load dies with whoever started it: standard input is the lifeline."""

import os
import stat
import sys
from collections.abc import Callable

import gevent
from gevent.socket import wait_read

_BLOCK_BYTES = 4096


def watch_lifeline(on_end: Callable[[], None]) -> None:
    """Call `on_end` once, when standard input reads end-of-file.

    Only a pipe or a socket is a lifeline; a terminal, a file or /dev/null has no one behind it.
    """
    if sys.stdin is None:
        return
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        gevent.spawn(_watch, sys.stdin.fileno(), on_end)


def _watch(descriptor: int, on_end: Callable[[], None]) -> None:
    while True:
        wait_read(descriptor)
        if not os.read(descriptor, _BLOCK_BYTES):
            on_end()
            return
