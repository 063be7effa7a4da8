"""The records of one load's generators on several machines, merged into one run folder."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from chaos.clock import Clock
from chaos.entries import Step
from chaos.errors import UsageError
from chaos.journal import Journal, write_run
from chaos.loads.runner import LAG_P99_MS, QUESTION, place_of_url
from chaos.loads.setup import LoadSetup, RateStage
from chaos.orders import Search
from chaos.records import read_records
from chaos.run import JUDGED, Limits, Run
from chaos.stop import Stop

RECORD = "requests.sqlite"
GENERATOR = "generator "
_REQUESTS = """
INSERT INTO request SELECT r.scheduled_ms, r.sent_ms, r.latency_ms, r.service_ms, m2.id, n2.id,
  r.status, t2.id, e2.id, r.request_id, r.length_ms
FROM part.request r
LEFT JOIN part.name m ON m.id = r.method LEFT JOIN name m2 ON m2.text = m.text
LEFT JOIN part.name n ON n.id = r.name LEFT JOIN name n2 ON n2.text = n.text
LEFT JOIN part.name t ON t.id = r.task LEFT JOIN name t2 ON t2.text = t.text
LEFT JOIN part.name e ON e.id = r.error LEFT JOIN name e2 ON e2.text = e.text
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One record: what its generators noted of the load."""

    path: Path
    meta: Mapping[str, str]

    @property
    def generators(self) -> frozenset[str]:
        return frozenset(key for key in self.meta if key.startswith(GENERATOR))


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeOrder:
    """What to merge, and what the whole is held to. `url` None: where the load was sent."""

    sources: tuple[Path, ...]
    thresholds: tuple[str, ...]
    url: str | None = None
    ca_file: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def merge_loads(order: MergeOrder, folder: Path) -> Run:
    """Make a run folder of the parts, ask for their orders; judge it as any other.

    Raises UsageError, and writes nothing, if the parts are not of one load or overlap.
    """
    parts = read_parts(order.sources)
    meta = merge_meta(parts)
    run = _describe(order, meta)
    folder.mkdir(parents=True)
    try:
        merge_records(parts, meta, folder / RECORD)
    except UsageError:
        (folder / RECORD).unlink(missing_ok=True)
        folder.rmdir()
        raise
    write_run(folder, run)
    _ask(order, run, folder)
    return run


def read_parts(sources: Sequence[Path]) -> tuple[Part, ...]:
    """What each source says of itself. UsageError if it is no record, or not of the same load."""
    parts = tuple(_read_part(source) for source in sources)
    for part in parts[1:]:
        if part.meta["load"] != parts[0].meta["load"]:
            hint = "hint: merge what the workers of one load recorded"
            raise UsageError(f"{part.path} and {parts[0].path} are of different loads; {hint}")
    seen: dict[str, Path] = {}
    for part in parts:
        for generator in sorted(part.generators):
            if generator in seen:
                where = f"{part.path} and {seen[generator]}"
                raise UsageError(f"{where} both have {generator}; hint: give each record once")
            seen[generator] = part.path
    return parts


def _read_part(source: Path) -> Part:
    path = source / RECORD if source.is_dir() else source
    records = read_records(path)
    if records.missing:
        raise UsageError(f"{source} is no record of a load: {records.missing[0]}")
    if "load" not in records.meta or not records.requests:
        raise UsageError(f"{path} has no load in it; hint: is it what --record wrote?")
    return Part(path, records.meta)


def merge_meta(parts: Sequence[Part]) -> dict[str, str]:
    """What is true of the whole: ended only if every part is, honest only if every part was."""
    merged = {key: value for part in reversed(parts) for key, value in part.meta.items()}
    if any(part.meta.get("self_test") != "passed" for part in parts):
        merged["self_test"] = "did not pass in every part"
    if any("ended_ms" not in part.meta for part in parts):
        merged.pop("ended_ms", None)
    else:
        merged["ended_ms"] = str(max(float(part.meta["ended_ms"]) for part in parts))
    return merged


def merge_records(parts: Sequence[Part], meta: Mapping[str, str], path: Path) -> None:
    """Write one record of all rows. UsageError if a request or an order is in two parts."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("ATTACH ? AS part", (str(parts[0].path),))
        tables = "SELECT sql FROM part.sqlite_master WHERE type = 'table'"
        for (statement,) in database.execute(tables).fetchall():
            database.execute(statement)
        database.execute("DETACH part")
        database.execute("CREATE UNIQUE INDEX once ON request(request_id)")
        for part in parts:
            _add(database, part)
        database.execute("DROP INDEX once")
        database.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())


def _add(database: sqlite3.Connection, part: Part) -> None:
    database.execute("ATTACH ? AS part", (str(part.path),))
    try:
        database.execute("BEGIN")
        database.execute("INSERT OR IGNORE INTO name(text) SELECT text FROM part.name")
        database.execute(_REQUESTS)
        database.execute("INSERT INTO write SELECT * FROM part.write")
        database.execute("COMMIT")
    except sqlite3.IntegrityError as error:
        database.execute("ROLLBACK")
        raise UsageError(
            f"{part.path} has requests that another record has; hint: give each record once"
        ) from error
    finally:
        database.execute("DETACH part")


def _describe(order: MergeOrder, meta: Mapping[str, str]) -> Run:
    started_ms, ended_ms = float(meta["started_ms"]), meta.get("ended_ms")
    seconds = (float(ended_ms) - started_ms) / 1000 if ended_ms else 0.0
    setup = LoadSetup(
        scenario=meta["scenario"],
        mix=meta["mix"],
        stages=read_stages_text(meta["stages"], seconds),
        thresholds=order.thresholds,
        processes=int(meta["generators"]),
    )
    return Run(
        drill="load",
        question=QUESTION,
        variant=setup.scenario,
        started_ms=started_ms,
        time_scale=float(meta["time_scale"]),
        rate=float(meta["rate"]),
        arrivals=setup.arrivals,
        seed=int(meta["seed"]),
        target="url",
        cluster="-",
        url=order.url or meta["host"],
        interval_ms=0.0,
        services=(),
        limits=Limits(lag_p99_ms=LAG_P99_MS),
        versions=(meta.get("versions", ""),),
        ended_ms=float(ended_ms) if ended_ms else None,
        ending=JUDGED,
        load=setup,
    )


def read_stages_text(text: str, seconds: float) -> tuple[RateStage, ...]:
    """`30@0-200,60@200` as stages; one without end (`inf`) lasted so many seconds."""
    stages = []
    for part in text.split(","):
        length, _, rates = part.partition("@")
        first, _, last = rates.partition("-")
        lasted = seconds if length == "inf" else float(length)
        stages.append(RateStage(seconds=lasted, first=float(first), last=float(last or first)))
    return tuple(stages)


def _ask(order: MergeOrder, run: Run, folder: Path) -> None:
    """Look for every order that any part acknowledged."""
    clock, journal = Clock(), Journal(folder)
    place = place_of_url(run.url, order.ca_file, run.time_scale)
    journal.write(Step(at_ms=run.started_ms, name="load", text=f"merged from {len(order.sources)}"))
    writes = read_records(folder / RECORD).writes
    search = Search(place, Stop(), headers=order.headers)
    journal.write(search.verify(writes, run.started_ms, clock.now_ms()))
    journal.close()
