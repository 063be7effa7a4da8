"""What proves the local Fargate: the invariants and where each is held, the planted bugs."""

from collections.abc import Iterator

from docs.table import code, table
from tests.api.motodifferences import KNOWN
from tests.api.planted_balancing import BALANCING
from tests.api.planted_bugs import OTHERS
from tests.balancing import planted_bugs as elb
from tests.checklist.planted_reading import READING
from tests.checklist.planted_rules import RULES
from tests.checklist.planted_telling import FILES, FORMATS
from tests.network import planted_bugs as network
from tests.parity.exempt import EXEMPT, NOT_ANSWERED
from tests.sim.planted_bugs import BUGS

CHECKLIST = (*RULES, *READING, *FILES, *FORMATS)

# Invariant, the rule it comes from, and the tests that hold to it (files below tests/).
INVARIANTS = (
    ("I1", "no task gets SIGTERM from the scheduler before its targets are `unused`", "R1.20",
     ("sim/endings.py",)),
    ("I2", "a target is draining for exactly the delay", "R4.30",
     ("sim/test_seeds.py", "balancing/test_balancers.py")),
    ("I3", "the first success makes an initial target healthy", "R4.3",
     ("balancing/test_target_health.py",)),
    ("I4", "a healthy task is stopped only while the minimum stays healthy", "R2.1",
     ("sim/invariants.py",)),
    ("I5", "never more active tasks than the maximum percent", "R2.1", ("sim/invariants.py",)),
    ("I6", "SIGKILL exactly stopTimeout after SIGTERM, exit code 137", "R1.6, R1.8",
     ("sim/endings.py", "runtime/test_process_runtime.py")),
    ("I7", "the circuit breaker trips at the threshold, never earlier; a FAILED deployment starts"
     " no task", "R3.1, R3.6", ("sim/breaker.py", "sim/invariants.py")),
    ("I8", "a rollback goes to the last COMPLETED deployment and keeps its id", "R3.7",
     ("sim/breaker.py", "api/test_service_deployments.py")),
    ("I9", "old tasks stop only when new ones have proved themselves", "R2.4",
     ("sim/invariants.py",)),
    ("I10", "a deployment completes when no old task is left", "R2.13", ("sim/verdicts.py",)),
    ("I11", "the grace period changes no target's state", "R2.8",
     ("balancing/test_target_health.py",)),
    ("I12", "a new Service Connect name is unknown to clients deployed earlier", "R6.6",
     ("connect/test_controller.py", "connect/test_traffic.py")),
    ("I13", "containers outlive those that depend on them", "R1.33", ("sim/endings.py",)),
    ("I14", "a request in flight at the end of the delay gets 502, a shorter one its answer",
     "R4.31", ("balancing/test_balancers.py",)),
    ("I15", "503 when no target is registered", "ALB23:troubleshooting",
     ("balancing/test_listener_rules.py",)),
    ("I16", "the replacement of an unhealthy task starts first where there is room", "R2.6",
     ("sim/invariants.py",)),
)  # fmt: skip


def proof() -> str:
    """The page on invariants and planted bugs."""
    parts = [
        "# What proves it",
        "The local Fargate is proved in layers: [where does my test go](../../tests/README.md)."
        " Invariants are written a second time, from the rules and not from the code; planted bugs"
        " show that a green run means something.",
        "## Invariants",
        table(("", "holds at all times", "rule", "held by"), map(_invariant, INVARIANTS)),
        "## Planted bugs",
        f"Each of these {len(BUGS)} changes of the scheduler is made in memory and must be caught"
        " by the layers named: *cases* are single situations (`tests/scheduler`), *seeds* are whole"
        " stories on a virtual clock (`tests/sim`). `make test` fails if one of them is not.",
        table(
            ("bug", "module", "caught by"),
            ((bug.name, code(bug.module), _layers(bug.cases, bug.seeds)) for bug in BUGS),
        ),
        f"And these {len(elb.BUGS)} of the load balancer (`infra/local/balancing`): *cases* and"
        " *stories* need no process, *servers* are small ones inside the test"
        " (`tests/balancing`).",
        table(
            ("bug", "module", "caught by"),
            ((bug.name, code(bug.module), _elb_layers(bug)) for bug in elb.BUGS),
        ),
        f"And these {len(network.BUGS)} of who reaches whom (`infra/network`): *cases* are single"
        " paths with their words, *worlds* are drawn VPCs judged by an oracle (`tests/network`).",
        table(
            ("bug", "module", "caught by"),
            ((bug.name, code(bug.module), _network_layers(bug)) for bug in network.BUGS),
        ),
        f"And these {len(CHECKLIST)} of `rehearse check` (`infra/checklist`), each seen by a test"
        " that needs neither terraform nor a plane (`tests/checklist`).",
        table(("bug", "module"), ((bug.name, code(bug.module)) for bug in CHECKLIST)),
        *_api(),
        *_parity(),
    ]
    return "\n\n".join(parts)


def _api() -> Iterator[str]:
    bugs = (*BALANCING, *OTHERS)
    yield (
        f"And these {len(bugs)} of the API (`infra/local/api`), each seen by one refused call or"
        " one story of calls (`tests/api`)."
    )
    rows = ((bug.name, code(bug.module), bug.seen_by.replace("_", " ")) for bug in bugs)
    yield table(("bug", "module", "caught by"), rows)
    yield "## The plane and moto"
    yield (
        "The same calls to both are answered alike but for these differences, and a test fails when"
        " one of them is no difference any more:"
    )
    places = (
        (code(place), why)
        for service in KNOWN.values()
        for why, patterns in service.items()
        for place in patterns
    )
    yield table(("place in the answer", "why"), places)


def _parity() -> Iterator[str]:
    yield "## Terraform and the plane"
    yield (
        "One settings file is read by both. `rehearse check`'s facts of a mocked apply of"
        " `envs/local` must equal those that boto3 reads of a plane, for our settings and for files"
        " in which every value is changed (`tests/parity`). The state of a real apply must equal"
        " the plane that it was applied to (`tests/apply/test_apply_parity.py`). These may differ,"
        " and a test fails when one of them does not any more:"
    )
    rows = ((code(one.path), one.reason) for one in (*EXEMPT, *NOT_ANSWERED))
    yield table(("fact", "why"), rows)


def _invariant(row: tuple[str, str, str, tuple[str, ...]]) -> tuple[str, str, str, str]:
    name, text, rule, files = row
    return name, text, rule, ", ".join(code(f"tests/{file}") for file in files)


def _layers(cases: bool, seeds: bool) -> str:
    return " and ".join(name for name, caught in (("cases", cases), ("seeds", seeds)) if caught)


def _elb_layers(bug: elb.PlantedBug) -> str:
    layers = (("cases", bug.cases), ("stories", bug.stories), ("servers", bug.keeper))
    return " and ".join(name for name, caught in layers if caught)


def _network_layers(bug: network.PlantedBug) -> str:
    layers = (("cases", bug.cases), ("worlds", bug.worlds))
    return " and ".join(name for name, caught in layers if caught)
