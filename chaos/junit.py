"""junit.xml: one testsuite per run, one testcase per check."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from chaos.checks.finding import Finding, Result
from chaos.outcome import Outcome
from chaos.verdict import Verdict


def write_junit(path: Path, verdicts: Sequence[Verdict]) -> None:
    """Write one file for any number of runs."""
    root = ET.Element("testsuites", name="rehearse drill")
    for verdict in verdicts:
        root.append(_suite(verdict))
    ET.indent(root)
    path.write_bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def _suite(verdict: Verdict) -> ET.Element:
    run = verdict.run
    name = f"{run.drill}.{run.variant}"
    cases = [_case(name, finding) for finding in verdict.findings]
    cases.append(_ending(name, verdict))
    seconds = ((run.ended_ms or run.started_ms) - run.started_ms) / 1000
    suite = ET.Element(
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped="0",
        time=f"{seconds:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in (("outcome", verdict.outcome.value), ("report", "report.html")):
        ET.SubElement(properties, "property", name=key, value=value)
    suite.extend(cases)
    if run.command:
        ET.SubElement(suite, "system-out").text = f"to repeat: {run.command}"
    return suite


def _case(suite: str, finding: Finding) -> ET.Element:
    case = ET.Element("testcase", classname=suite, name=finding.check)
    if finding.result is Result.PASS:
        ET.SubElement(case, "system-out").text = finding.sentence
        return case
    failed = finding.result is Result.FAIL and not finding.premise
    problem = ET.SubElement(case, "failure" if failed else "error", message=finding.sentence)
    problem.text = "\n".join(f"{d.sentence}\nadvice: {d.advice}" for d in finding.diagnoses)
    return case


def _ending(suite: str, verdict: Verdict) -> ET.Element:
    """The run itself as a case: anything but PASS and FAIL is an error that no check tells of."""
    case = ET.Element("testcase", classname=suite, name="the run can be judged")
    if verdict.outcome not in (Outcome.PASS, Outcome.FAIL):
        ET.SubElement(case, "error", message=verdict.reason, type=verdict.outcome.value)
    return case
