"""junit.xml: one testsuite per run, one testcase per check."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from chaos.checks.finding import Finding, Result
from chaos.clock import to_text
from chaos.outcome import Outcome
from chaos.result import RunResult
from chaos.svg import clean

ENDING = "the run can be judged"
DEMAND = "the suite's demand"


def write_junit(path: Path, results: Sequence[RunResult], not_run: Sequence[str] = ()) -> None:
    """Write one file for any number of runs; `not_run` are errors, so that no gap looks green."""
    suites = [_suite(result) for result in results] + [_absent(name) for name in not_run]
    root = ET.Element("testsuites", name="rehearse drill")
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in suites):.3f}")
    root.extend(suites)
    ET.indent(root)
    path.write_bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def _suite(result: RunResult) -> ET.Element:
    run = result.verdict.run
    name = f"{run.drill}.{run.variant}" if run.variant else run.drill
    seconds = result.figures.seconds or 0.0
    cases = [_case(name, finding, result) for finding in result.verdict.findings]
    cases.append(_ending(name, result, seconds))
    if result.demand is not None:
        cases.append(_demand(name, result))
    suite = _counted(name, cases, seconds)
    suite.set("timestamp", to_text(run.started_ms).partition(".")[0])
    properties = ET.SubElement(suite, "properties")
    for key, value in (("outcome", result.verdict.outcome.value), ("report", result.report)):
        ET.SubElement(properties, "property", name=key, value=value)
    suite.extend(cases)
    if run.command:
        ET.SubElement(suite, "system-out").text = clean(f"to repeat: {run.command}")
    return suite


def _counted(name: str, cases: Sequence[ET.Element], seconds: float) -> ET.Element:
    return ET.Element(
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{seconds:.3f}",
    )


def _new(suite: str, name: str, seconds: float = 0.0) -> ET.Element:
    return ET.Element("testcase", classname=suite, name=clean(name), time=f"{seconds:.3f}")


def _case(suite: str, finding: Finding, result: RunResult) -> ET.Element:
    """A check. A failure that the suite demanded is skipped: told, and no failure."""
    case = _new(suite, finding.check)
    sentence = clean(finding.sentence)
    if finding.result is Result.PASS:
        ET.SubElement(case, "system-out").text = sentence
        return case
    failed = finding.result is Result.FAIL and not finding.premise
    kind = "failure" if failed else "error"
    if result.demanded_failure:
        kind, sentence = "skipped", f"failed as it must: {sentence}"
    problem = ET.SubElement(case, kind, message=sentence)
    if finding.diagnoses:
        problem.set("type", clean(finding.diagnoses[0].cause))
    lines = (f"{d.sentence}\nadvice: {d.advice}" for d in finding.diagnoses)
    problem.text = clean("\n".join(lines))
    return case


def _ending(suite: str, result: RunResult, seconds: float) -> ET.Element:
    """The run itself as a case: anything but PASS and FAIL is an error that no check tells of."""
    verdict = result.verdict
    case = _new(suite, ENDING, seconds)
    if verdict.outcome not in (Outcome.PASS, Outcome.FAIL):
        outcome = verdict.outcome.value
        ET.SubElement(case, "error", message=clean(verdict.reason), type=outcome)
    return case


def _demand(suite: str, result: RunResult) -> ET.Element:
    case = _new(suite, DEMAND)
    if result.demand is not None:
        sentence = clean(result.demand.sentence)
        if result.demand.met:
            ET.SubElement(case, "system-out").text = sentence
        else:
            ET.SubElement(case, "failure", message=sentence, type=result.counted.value)
    return case


def _absent(name: str) -> ET.Element:
    """A run that the suite did not come to."""
    case = _new(name, ENDING)
    ET.SubElement(case, "error", message="not run: the suite ended before", type="not run")
    suite = _counted(name, [case], 0.0)
    suite.append(case)
    return suite
