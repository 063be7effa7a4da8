"""The checklist's rules, and what they find in the article's own HCL."""

from datetime import date
from pathlib import Path

from docs.table import code, table
from infra.checklist.asking import PERMISSIONS
from infra.checklist.check import check, read_files
from infra.checklist.documents import Kind
from infra.checklist.findings import Finding, Verdict
from infra.checklist.rule import Rule
from infra.checklist.rules import RULES
from infra.checklist.waivers import WaiverFile
from infra.imports.live import ALSO, NEEDED

ARTICLE = Path(__file__).parent.parent / "tests" / "checklist" / "states" / "article.json"


def rules() -> str:
    """The page of all rules."""
    parts = [
        "# Rules of `rehearse check`",
        f"{len(RULES)} rules. A rule passes, fails, is unknown (a fact is missing; the finding says"
        " which) or is not applicable. Only failures of severity error make the check fail. *Cuts"
        " requests* says when requests are lost if the rule is broken; services are ranked by it."
        " How to use them: [check](../guides/check.md).",
        table(
            ("rule", "what must be so", "severity", "cuts requests", "see it"),
            [(one.id, one.title, one.severity, one.cut, _drill(one)) for one in RULES],
        ),
    ]
    return "\n\n".join([*parts, *(_section(one) for one in RULES)])


def _drill(rule: Rule) -> str:
    return f"[{rule.drill}](../guides/drills/{rule.drill}.md)" if rule.drill else "-"


def _section(rule: Rule) -> str:
    lines = [f"- To mend it: {rule.mend}.", f"- Source: <{rule.source}>"]
    if rule.article:
        lines.append(f"- In the article's checklist: {rule.article}.")
    if rule.see_also:
        lines.append(f"- Also checked as: {', '.join(rule.see_also)}.")
    return "\n".join([f"## {rule.id}", "", f"{rule.title[0].upper()}{rule.title[1:]}.", "", *lines])


def import_permissions() -> str:
    """What `rehearse import` asks for, in IAM's words."""
    needed, also = (", ".join(map(code, names)) for names in (NEEDED, ALSO))
    return (
        f"Needed: {needed}; `ecs:ListServices` without `--service`."
        f"\n\nWithout one of these it goes on, and says what is missing: {also}."
    )


def permissions() -> str:
    """What the identity needs that asks AWS, as the list of a policy's actions."""
    return ", ".join(map(code, PERMISSIONS))


def article_findings() -> str:
    """What fails in the article's HCL as it is printed."""
    found = check(read_files([ARTICLE], Kind.STATE), WaiverFile(), date(2026, 1, 1)).findings
    failed = [one for one in found if one.verdict is Verdict.FAIL]
    return table(
        ("rule", "severity", "resource", "what is wrong"),
        [(_link(one), one.severity, code(one.at), one.text) for one in failed],
    )


def _link(one: Finding) -> str:
    return f"[{one.rule.id}](../reference/rules.md#{one.rule.id.lower()})"
