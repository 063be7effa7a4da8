"""What is asked for once the load has ended, so that the judge needs no network."""

from pathlib import Path

import httpx

from chaos.causes import failed_ids
from chaos.drill import Stage
from chaos.entries import AccessSeen, AnswerSeen, LogSeen
from chaos.errors import TargetError
from chaos.orders import Search
from chaos.records import read_records
from chaos.target import AccessView

ACCESS_MAX = 5000
ANSWER_TIMEOUT_SECONDS = 5.0


def collect_evidence(stage: Stage, record: Path, load_started_ms: float) -> None:
    """Ask for orders, logs and the access log; what cannot be had becomes a note."""
    records = read_records(record)
    search = Search(stage.target.place, stage.stop)
    now_ms = stage.clock.now_ms()
    stage.journal.write(search.verify(records.writes, load_started_ms, now_ms))
    _ask_who_answers(stage)
    collect_logs(stage, failed_ids(records), load_started_ms)


def collect_logs(stage: Stage, failed: frozenset[str], since_ms: float) -> None:
    """The tasks' own lines and the access log's failed requests."""
    try:
        for line in stage.target.logs(since_ms):
            stage.journal.write(
                LogSeen(at_ms=line.at_ms, service=line.service, task=line.task, event=line.event)
            )
    except TargetError as error:
        stage.note(f"not observable here: the tasks' own logs ({error})")
    try:
        _keep_access(stage, failed, stage.target.access(since_ms))
    except TargetError as error:
        stage.note(f"not observable here: the access log ({error})")


def _keep_access(
    stage: Stage, failed: frozenset[str], views: tuple[AccessView, ...] | None
) -> None:
    if views is None:
        stage.note("not observable here: the access log")
        return
    kept = [view for view in views if view.request_id in failed or view.status >= 500]
    for view in kept[:ACCESS_MAX]:
        stage.journal.write(
            AccessSeen(
                at_ms=view.at_ms,
                duration_ms=view.duration_ms,
                method=view.method,
                path=view.path,
                status=view.status,
                flags=view.flags,
                details=view.details,
                upstream=view.upstream,
                request_id=view.request_id,
            )
        )
    if len(kept) > ACCESS_MAX:
        stage.note(f"the access log has {len(kept)} failed requests; {ACCESS_MAX} are recorded")


def _ask_who_answers(stage: Stage) -> None:
    """GET /healthz through the load balancer; many do not route it, which is no fault."""
    place = stage.target.place
    try:
        with httpx.Client(verify=place.trust, timeout=ANSWER_TIMEOUT_SECONDS) as client:
            answer = client.get(f"{place.url}/healthz")
        document = answer.json() if answer.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError):
        document = None
    if not isinstance(document, dict):
        stage.note("not observable here: /healthz is not routed by the load balancer")
        return
    task, version = (document.get(name) for name in ("task", "version"))
    stage.journal.write(
        AnswerSeen(
            at_ms=stage.clock.now_ms(),
            task=str(task) if task else None,
            version=str(version) if version else None,
        )
    )
