"""The tests that stand in policy files, and which rows they reach."""

from dataclasses import dataclass
from datetime import date

from rules.diagnostics import Position
from rules.document import DEFAULT_ROW
from rules.errors import RulesError
from rules.evaluator import Evaluation, evaluate
from rules.ruleset import Ruleset, RuleTest, Waiver
from rules.table import DecisionTable, say


@dataclass(frozen=True, slots=True)
class TestFailure:
    """What a test expected and did not get."""

    __test__ = False  # not a test of ours: pytest must not collect it

    where: Position
    table: str
    problem: str

    def __str__(self) -> str:
        """One line that an editor can jump from."""
        return f"{self.where}: table `{self.table}`: {self.problem}"


@dataclass(frozen=True, slots=True)
class TableCoverage:
    """
    How many rows of a table some passing test reaches as a determining row.

    Parameters
    ----------
    uncovered
        Ids of the rows that none reaches.
    waivers
        What the policy set says about some of those.
    """

    table: str
    rows: int
    uncovered: tuple[str, ...]
    waivers: tuple[Waiver, ...] = ()

    @property
    def covered(self) -> int:
        """Rows that a test reaches."""
        return self.rows - len(self.uncovered)

    def open_on(self, day: date) -> tuple[str, ...]:
        """Rows that no test reaches and no waiver excuses on a day."""
        excused = {waiver.row for waiver in self.waivers if day <= waiver.until}
        return tuple(row for row in self.uncovered if row not in excused)


@dataclass(frozen=True, slots=True)
class TestReport:
    """
    The tests of a policy set.

    Parameters
    ----------
    passed
        Tests without a failure.
    """

    __test__ = False  # not a test of ours: pytest must not collect it

    passed: int
    failures: tuple[TestFailure, ...]
    coverage: tuple[TableCoverage, ...]

    @property
    def is_covered(self) -> bool:
        """Whether every row of every table is reached."""
        return not any(table.uncovered for table in self.coverage)

    def open_on(self, day: date) -> tuple[str, ...]:
        """Rows, as `table row`, that keep the set from being published on a day."""
        return tuple(f"{table.table} {row}" for table in self.coverage for row in table.open_on(day))


def run_tests(ruleset: Ruleset) -> TestReport:
    """Run every test; a row counts as covered when a test that passes reaches it."""
    reached: set[tuple[str, str]] = set()
    failures: list[TestFailure] = []
    passed = 0
    for test in ruleset.tests:
        evaluations, problems = _run(ruleset, test)
        failures += problems
        passed += not problems
        if not problems:
            reached |= {(found.table, row) for found in evaluations for row in found.determining_rows}
    coverage = tuple(_coverage(ruleset, table, reached) for table in ruleset.tables)
    return TestReport(passed, tuple(failures), coverage)


def _run(ruleset: Ruleset, test: RuleTest) -> tuple[list[Evaluation], list[TestFailure]]:
    evaluations: list[Evaluation] = []
    problems: list[TestFailure] = []
    for name, outcome in test.expect.items():
        try:
            found = evaluate(ruleset.table(name), test.given)
        except RulesError as error:
            problems.append(TestFailure(test.where, name, str(error)))
            continue
        evaluations.append(found)
        # a test names the outputs it cares for; others may be there too
        if any(found.outcome.get(output) != value for output, value in outcome.items()):
            problem = (
                f"expected {_said(outcome)}, got {_said(found.outcome)} from {_rows(found.determining_rows)}"
            )
            problems.append(TestFailure(test.where, name, problem))
    rows = sorted(row for found in evaluations for row in found.determining_rows)
    if test.rows and not problems and rows != sorted(test.rows):
        problem = f"expected {_rows(test.rows)}, got {_rows(tuple(rows))}"
        problems.append(TestFailure(test.where, ", ".join(test.expect), problem))
    return evaluations, problems


def _coverage(ruleset: Ruleset, table: DecisionTable, reached: set[tuple[str, str]]) -> TableCoverage:
    ids = [row.id for row in table.rows] + ([DEFAULT_ROW] if table.default else [])
    uncovered = tuple(row for row in ids if (table.name, row) not in reached)
    waivers = tuple(w for w in ruleset.waivers if w.table == table.name and w.row in uncovered)
    return TableCoverage(table.name, len(ids), uncovered, waivers)


def _said(outcome: object) -> str:
    if not isinstance(outcome, dict) or not outcome:
        return "nothing"
    return ", ".join(f"{name} {_value(value)}" for name, value in outcome.items())


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return say(value)  # type: ignore[arg-type]  # values of outputs


def _rows(rows: tuple[str, ...]) -> str:
    return f"row {', '.join(rows)}" if rows else "no row"
