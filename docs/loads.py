"""What the documentation says of loads, taken from `loadtest` and `chaos`."""

from chaos.loads.setup import STRESS
from chaos.loads.thresholds import DEFAULTS
from docs.table import code, table
from loadtest.shapes import SCENARIOS


def scenario_table() -> str:
    rows = (
        (
            code(name),
            scenario.purpose,
            f"{scenario.rate:g}/s",
            f"{scenario.seconds:g} s",
            "only what `--fail-on` says" if name == STRESS else ", ".join(map(code, DEFAULTS)),
        )
        for name, scenario in SCENARIOS.items()
    )
    head = ("scenario", "what it is", "rate at its peak", "time", "held to, if nothing is said")
    return table(head, rows)
