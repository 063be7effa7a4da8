"""The files that a verdict leaves: in each run's folder, and for a suite above them."""

from pathlib import Path

from chaos.history import History
from chaos.junit import write_junit
from chaos.markdown import write_summary
from chaos.report import write_report
from chaos.result import RunResult, SuiteResult, summarise
from chaos.suitepage import write_suite_page
from chaos.verdict import Verdict, write_verdict

REPORT = "report.html"
JUNIT = "junit.xml"
SUMMARY = "summary.md"


def write_run_files(folder: Path, history: History, verdict: Verdict) -> RunResult:
    """Write verdict.json, junit.xml, report.html and summary.md of one run."""
    result = summarise(history, verdict)
    write_verdict(folder, verdict)
    write_junit(folder / JUNIT, [result])
    write_report(folder / REPORT, history, result)
    write_summary(folder / SUMMARY, SuiteResult(results=(result,)))
    return result


def write_suite_files(out: Path, suite: SuiteResult) -> None:
    """Write junit.xml, report.html and summary.md of several runs."""
    write_junit(out / JUNIT, suite.results, suite.not_run)
    write_suite_page(out / REPORT, suite)
    write_summary(out / SUMMARY, suite)
