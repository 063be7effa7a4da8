"""The picture of a recorded run as one SVG file: `python -m docs.picture RUN_DIR FILE.svg`.

It is the timeline of the run's report with the report's own colours, for light and dark pages.
"""

import sys
from pathlib import Path

from chaos.history import read_history
from chaos.svg import element
from chaos.timeline import PATTERNS, PICTURE_STYLE, draw_timeline, read_style

BACKGROUND = "svg{background:var(--bg)}"


def picture(run: Path) -> str:
    """The whole SVG document. Raises chaos.errors.UsageError if `run` is no run folder."""
    drawn = draw_timeline(read_history(run))
    head, _, rest = drawn.partition(">")
    style = element("style", read_style(PICTURE_STYLE) + BACKGROUND)
    return f"{head}>{style}{element('defs', PATTERNS)}{rest}\n"


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(picture(Path(sys.argv[1])), encoding="utf-8")
