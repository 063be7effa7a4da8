"""Several drills in a row, for the command line: plan, run, judge, report."""

import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from chaos.causes import Cause
from chaos.checks.finding import Check
from chaos.checks.orders import ORDERS
from chaos.checks.targets import DRAINED
from chaos.drill import Drill, Variant
from chaos.drills import all_drills, core_drills
from chaos.errors import DrillError, UsageError
from chaos.files import REPORT, write_run_files, write_suite_files
from chaos.following.checks import WATCH, watch_checks
from chaos.history import History, read_history
from chaos.loads.checks import load_checks
from chaos.loads.tables import render_figures
from chaos.options import SuiteOptions
from chaos.outcome import USAGE_EXIT_CODE, Outcome
from chaos.plan import render_plan
from chaos.resolve import resolve
from chaos.result import Demand, RunResult, SuiteResult
from chaos.runner import Order, run_drill
from chaos.table import render_suite, render_table
from chaos.target import Target, TargetOptions
from chaos.verdict import Verdict, judge_history

BOTH = "both"
VARIANTS = ("fixed", "broken", BOTH)


def find_drills(names: Sequence[str]) -> tuple[Drill, ...]:
    """The drills of these names, the core set for none. UsageError names the unknown one."""
    known = {drill.name: drill for drill in all_drills()}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no drill {name!r}; there are: {', '.join(known)}")
    return tuple(known[name] for name in names) or core_drills()


def run_suite(
    names: Sequence[str],
    variant: str,
    target_options: TargetOptions,
    *,
    plan_only: bool = False,
    options: SuiteOptions | None = None,
    find_target: Callable[[TargetOptions], Target] = resolve,
) -> int:
    """Run drills and return the exit code: the worst of all, 64 when the caller is wrong.

    With variant `both` every drill runs broken and fixed: broken must FAIL for the cause that
    the drill names, fixed must PASS.
    """
    options = options or SuiteOptions()
    try:
        drills = find_drills(names)
        variants = _variants(variant)
        target = find_target(target_options)
        _check_allowed(drills, variants, target)
        if plan_only:
            options.show(render_plan(drills, variants, target))
            return Outcome.PASS.exit_code
        options.out.mkdir(parents=True, exist_ok=True)
    except UsageError as error:
        options.say(f"error: {error}")
        return USAGE_EXIT_CODE
    except (DrillError, OSError) as error:
        options.say(f"error: {error}")
        return Outcome.INVALID.exit_code
    return _run_all(drills, variants, target, options, demand_both=variant == BOTH).exit_code


def _variants(variant: str) -> tuple[Variant, ...]:
    if variant not in VARIANTS:
        raise UsageError(f"there is no variant {variant!r}; there are: {', '.join(VARIANTS)}")
    return (Variant.BROKEN, Variant.FIXED) if variant == BOTH else (Variant(variant),)


def _check_allowed(drills: Sequence[Drill], variants: Sequence[Variant], target: Target) -> None:
    if target.place.allow_settings:
        return
    for drill in drills:
        for variant in variants:
            if any(act.changes_settings for act in drill.steps[variant]):
                raise UsageError(
                    f"{drill.name} ({variant}) changes settings of {target.place.cluster};"
                    " allow it with --allow-settings"
                )


def _run_all(
    drills: Sequence[Drill],
    variants: Sequence[Variant],
    target: Target,
    options: SuiteOptions,
    *,
    demand_both: bool,
) -> Outcome:
    """Run each, and write the suite's files after each: a suite that is killed leaves them."""
    wanted = [(drill, variant) for drill in drills for variant in variants]
    suite = SuiteResult(results=())
    for index, (drill, variant) in enumerate(wanted, start=1):
        result = _run_one(drill, variant, target, options)
        if demand_both:
            demand = _demand(drill, result.verdict)
            result = replace(result, demand=demand)
            options.say(f"{result.name}: {demand.sentence}")
        not_run = tuple(f"{d.name} ({v})" for d, v in wanted[index:])
        suite = SuiteResult(results=(*suite.results, result), not_run=not_run)
        write_suite_files(options.out, suite)
        if result.verdict.outcome is Outcome.INTERRUPTED:
            break
    options.show(render_suite(suite, colour=options.colour, width=options.width))
    options.say(f"report: {options.out / REPORT}")
    return suite.outcome


def _run_one(drill: Drill, variant: Variant, target: Target, options: SuiteOptions) -> RunResult:
    folder = make_folder(options.out, drill.name, variant)
    options.say(f"{drill.name} ({variant}): {folder}")
    order = Order(
        drill=drill,
        variant=variant,
        rate=options.rate,
        arrivals=options.arrivals,
        seed=options.seed,
        path=options.path,
        load_command=options.load_command,
        command=shlex.join(["rehearse", "drill", drill.name, "--variant", variant.value]),
        say=options.say,
    )
    run_drill(order, target, folder)
    _, result = _judge(folder)
    options.show(render_table(result.verdict, colour=options.colour, width=options.width))
    return replace(result, folder=folder.name)


def make_folder(out: Path, drill: str, variant: str) -> Path:
    """A new folder for a run of this second."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        folder = out / f"{stamp}-{drill}-{variant}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise UsageError(f"{out} has 99 run folders of this second; choose another with --out")


def _demand(drill: Drill, verdict: Verdict) -> Demand:
    """With `both`: fixed as it is; broken must FAIL for the drill's own cause."""
    if verdict.run.variant != Variant.BROKEN:
        return Demand(verdict.outcome, verdict.reason)
    if verdict.outcome is Outcome.PASS:
        return Demand(Outcome.FAIL, "passed: the drill did not find what it must find")
    if verdict.outcome is not Outcome.FAIL:
        return Demand(verdict.outcome, verdict.reason)
    if drill.expected not in verdict.causes:
        return Demand(Outcome.FAIL, f"failed, but not for: {drill.expected}")
    return Demand(Outcome.PASS, f"failed as it must: {_found(verdict, drill.expected)}")


def _found(verdict: Verdict, cause: Cause) -> str:
    found = (d for finding in verdict.findings for d in finding.diagnoses if d.cause is cause)
    return next(found).sentence


def judge_folder(folder: Path) -> tuple[History, Verdict]:
    """Judge a run folder and write everything that its verdict leaves into it."""
    history, result = _judge(folder)
    return history, result.verdict


def _judge(folder: Path) -> tuple[History, RunResult]:
    history = read_history(folder)
    return history, write_run_files(folder, history, judge_history(history, _checks(history)))


def _checks(history: History) -> tuple[Check, ...]:
    """Those of its drill; a watch has what can be judged of what it saw, a load its thresholds."""
    if history.run.drill == WATCH:
        return watch_checks(history)
    if history.run.load is not None:
        return load_checks(history.run)
    (drill,) = find_drills([history.run.drill])
    if not history.run.path:
        return drill.checks
    # a service of somebody's takes no orders, and need not say which task answered
    told = any(row.task for row in history.records.requests)
    left_out = (ORDERS,) if told else (ORDERS, DRAINED)
    return tuple(check for check in drill.checks if check not in left_out)


def judge(folder: Path, options: SuiteOptions | None = None) -> int:
    """`rehearse judge RUN_DIR`: judge again from the record alone; the run's exit code."""
    options = options or SuiteOptions()
    try:
        history, verdict = judge_folder(folder)
    except UsageError as error:
        options.say(f"error: {error}")
        return USAGE_EXIT_CODE
    options.show(render_table(verdict, colour=options.colour, width=options.width))
    if history.run.load is not None:
        options.show(f"\n{render_figures(history)}")
    return verdict.outcome.exit_code


def report(folder: Path, options: SuiteOptions | None = None) -> int:
    """`rehearse report RUN_DIR`: draw again; 0 whatever the verdict is."""
    options = options or SuiteOptions()
    try:
        judge_folder(folder)
    except UsageError as error:
        options.say(f"error: {error}")
        return USAGE_EXIT_CODE
    options.show(str(folder / REPORT))
    return 0
