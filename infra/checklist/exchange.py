"""The formats of other programs: SARIF 2.1.0 for code scanning, JUnit for pipelines.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from infra.checklist.findings import Finding, Verdict
from infra.checklist.report import Report
from infra.checklist.rule import Rule, Severity

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARN: "warning"}
KINDS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.UNKNOWN: "open",
    Verdict.NOT_APPLICABLE: "notApplicable",
}
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_sarif(report: Report, version: str, rules: Sequence[Rule]) -> dict[str, Any]:
    """One run with every finding; what is waived is a suppressed result."""
    index = {rule.id: number for number, rule in enumerate(rules)}
    driver = {
        "name": "rehearse check",
        "version": version,
        "rules": [_descriptor(rule) for rule in rules],
    }
    results = [_result(one, report.source, index[one.rule.id]) for one in report.findings]
    return {
        "$schema": SARIF,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "helpUri": rule.source,
        "help": {"text": rule.mend},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tags": [f"cuts requests: {rule.cut}", *rule.see_also]},
    }


def _result(one: Finding, source: str, index: int) -> dict[str, Any]:
    failed = one.verdict is Verdict.FAIL
    location = {
        "physicalLocation": {"artifactLocation": {"uri": quote(source, safe="/:")}},
        "logicalLocations": [{"fullyQualifiedName": one.at, "kind": "resource"}],
    }
    found: dict[str, Any] = {
        "ruleId": one.rule.id,
        "ruleIndex": index,
        "kind": KINDS[one.verdict],
        "level": LEVELS[one.severity] if failed else "none",
        "message": {"text": f"{one.at}: {one.text or one.rule.title}"},
        "locations": [location],
        "partialFingerprints": {"ruleAndResource/v1": f"{one.rule.id}:{one.at}"},
    }
    if one.waived is not None:
        found["suppressions"] = [{"kind": "external", "justification": one.waived}]
    return found


def as_junit(report: Report) -> bytes:
    """A testsuite for each rule, a testcase for each finding. Only errors are failures."""
    root = ET.Element("testsuites", name="rehearse check")
    suites = [
        _suite(rule, list(group))
        for rule, group in groupby(report.findings, key=lambda one: one.rule)
    ]
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    root.set("time", "0.000")
    root.extend(suites)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(rule: Rule, findings: Sequence[Finding]) -> ET.Element:
    cases = [_case(one) for one in findings]
    suite = ET.Element(
        "testsuite",
        name=f"{rule.id} {rule.title}",
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors="0",
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time="0.000",
    )
    suite.extend(cases)
    return suite


def _case(one: Finding) -> ET.Element:
    case = ET.Element("testcase", classname=one.rule.id, name=_clean(one.at), time="0.000")
    text = _clean(one.text)
    if one.is_error:
        failure = ET.SubElement(case, "failure", message=text, type=one.rule.id)
        failure.text = _clean(f"mend: {one.rule.mend}\nsource: {one.rule.source}")
    elif one.verdict is Verdict.FAIL and one.waived is None:
        ET.SubElement(case, "system-out").text = f"warning: {text}"
    elif one.verdict is not Verdict.PASS:
        why = f"waived: {_clean(one.waived)}" if one.waived else f"{one.verdict}: {text}"
        ET.SubElement(case, "skipped", message=why)
    return case


def _clean(text: str) -> str:
    """What XML can hold."""
    return UNPRINTABLE.sub("\ufffd", text)
