"""Talk on stderr while something goes on: lines that stay and, on a terminal, some that live."""

import shutil
import sys
import threading

import click


class Talk:
    """`say` writes a line; `show` replaces the live lines below it. Any thread may."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self._lock = threading.Lock()
        self._shown: tuple[str, ...] = ()

    def say(self, text: str) -> None:
        with self._lock:
            self._write(self._erased() + text + "\n" + "".join(f"{s}\n" for s in self._shown))

    def show(self, *lines: str) -> None:
        """Lines as they are now, cut to the terminal's width; nothing without a terminal."""
        if not self.live:
            return
        width = max(20, shutil.get_terminal_size((100, 24)).columns) - 1
        cut = tuple(line[:width] for line in lines)
        with self._lock:
            if cut != self._shown:
                self._write(self._erased() + "".join(f"{line}\n" for line in cut))
                self._shown = cut

    def end(self) -> None:
        """Leave no live lines behind."""
        with self._lock:
            if self._shown:
                self._write(self._erased())
                self._shown = ()

    def _erased(self) -> str:
        """What puts the cursor where the live lines begin and clears them."""
        return f"\033[{len(self._shown)}A\r\033[J" if self._shown else ""

    def _write(self, text: str) -> None:
        click.echo(text, err=True, nl=False)
