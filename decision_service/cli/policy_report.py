"""What `policy check`, `test` and `diff` print: places that editors open, and the same as JSON."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from decision_service.cli.command import console, print_json, table
from decision_service.cli.evaluate import plain
from decision_service.cli.failure import BAD_INPUT
from decision_service.cli.session import Options
from decision_service.errors import InvalidRequestError
from rules import CompileError, Diagnostic, LintFinding, Position, RulesetChange, TestFailure, TestReport
from rules.feel import written


@contextmanager
def diagnostics(options: Options, folder: Path) -> Iterator[None]:
    """Show every complaint of files that do not compile, with line and caret; exit code 2."""
    try:
        yield
    except InvalidRequestError as error:
        if not isinstance(error.__cause__, CompileError):
            raise
        _show_diagnostics(options, folder, error.__cause__.diagnostics)
        raise SystemExit(BAD_INPUT) from None


def _show_diagnostics(options: Options, folder: Path, found: tuple[Diagnostic, ...]) -> None:
    if options.is_json:
        listed = [
            {"where": _place(d.where), "code": d.code.value, "message": d.message, "fix": d.fix,
             "line": d.source, "length": d.length} for d in found
        ]  # fmt: skip
        print_json({"error": f"{folder}: {len(found)} faults", "diagnostics": listed})
        return
    for diagnostic in found:
        console.print(
            str(replace(diagnostic, where=_under(folder, diagnostic.where))), markup=False, soft_wrap=True
        )
    console.print(f"{len(found)} faults; nothing was checked further", style="red")


def show_findings(options: Options, release: Any, folder: Path, found: tuple[LintFinding, ...]) -> None:
    """One line a finding, then how many of each kind."""
    if options.is_json:
        findings = [
            {"kind": f.kind.value, "table": f.table, "rows": list(f.rows), "where": _place(f.where),
             "message": f.message, "fix": f.fix, "witness": plain(f.witness)} for f in found
        ]  # fmt: skip
        print_json({"name": release.name, "digest": release.digest, "findings": findings})
        return
    for finding in found:
        console.print(
            str(replace(finding, where=_under(folder, finding.where))), markup=False, soft_wrap=True
        )
    if found:
        table("Findings", ("kind", ">count"), sorted(Counter(f.kind.value for f in found).items()))
    console.print(f"{release.name} {release.digest}: {len(found)} findings", markup=False)


def show_tests(options: Options, folder: Path, report: TestReport, day: date) -> None:
    """Row coverage as a table, failures with their place, and what keeps the set from being published."""
    missing = report.open_on(day)
    if options.is_json:
        print_json(_tests_as_json(report, day))
        return
    rows = [
        (c.table, c.rows, c.covered, f"{c.covered / c.rows:.0%}", ", ".join(c.open_on(day)),
         ", ".join(f"{w.row} by {w.by} until {w.until}" for w in c.waivers)) for c in report.coverage
    ]  # fmt: skip
    table("Row coverage", ("table", ">rows", ">covered", ">share", "not covered", "waived"), rows)
    for failure in report.failures:
        moved = replace(failure, where=_under(folder, failure.where))
        console.print(str(moved), style="red", markup=False, soft_wrap=True)
    console.print(
        f"{report.passed} passed, {len(report.failures)} failed, {len(missing)} rows without a test"
    )
    if missing:
        console.print("publishing needs a test, or a waiver, for each of them", style="yellow")


def _tests_as_json(report: TestReport, day: date) -> dict[str, Any]:
    return {
        "passed": report.passed,
        "failures": [_failure(failure) for failure in report.failures],
        "coverage": [
            {"table": c.table, "rows": c.rows, "covered": c.covered, "uncovered": list(c.uncovered),
             "waived": [{"row": w.row, "by": w.by, "until": w.until.isoformat(), "reason": w.reason}
                        for w in c.waivers]} for c in report.coverage
        ],
        "missing": list(report.open_on(day)),
    }  # fmt: skip


def _failure(failure: TestFailure) -> dict[str, Any]:
    return {"where": _place(failure.where), "table": failure.table, "problem": failure.problem}


def show_changes(options: Options, found: Iterable[RulesetChange]) -> None:
    """What changed as a table, and for which facts the answer is another."""
    changes = list(found)
    if options.is_json:
        listed = [
            {"kind": c.kind.value, "subject": c.subject, "message": c.message, "witness": plain(c.witness)}
            for c in changes
        ]
        print_json({"changes": listed})
        return
    if changes:
        rows = [(c.kind.value, c.subject, c.message, _example(c.witness)) for c in changes]
        table("Changes", ("kind", "where", "what", "for example"), rows)
    console.print(f"{len(changes)} changes")


def _example(witness: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {written(value)}" for name, value in witness.items())


def _place(where: Position) -> dict[str, Any]:
    return {"file": where.file, "line": where.line, "column": where.column}


def _under(folder: Path, where: Position) -> Position:
    """The place as a path that an editor opens from here."""
    known = folder / where.file
    return replace(where, file=str(known if known.exists() else folder.parent / where.file))
