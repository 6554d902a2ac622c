"""
What changed between two rulesets, in rows and thresholds, and for which facts the answer changes.

Texts are compared row by row. The answers are compared on the grid that both versions of a table
cut together: only where a changed row speaks can the answer change, so only there is looked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rules.behaviour import AnswerChange, compare_answers
from rules.feel import Value, written
from rules.ruleset import Ruleset
from rules.table import DecisionTable, Row, say


class ChangeKind(StrEnum):
    """The kinds of change."""

    TABLE = "TABLE"
    HIT_POLICY = "HIT_POLICY"
    ROW = "ROW"
    CONDITION = "CONDITION"
    OUTCOME = "OUTCOME"
    REASON = "REASON"
    ORDER = "ORDER"
    DERIVED_FACT = "DERIVED_FACT"
    JOIN = "JOIN"
    PLAYBOOK = "PLAYBOOK"
    ANSWER = "ANSWER"


@dataclass(frozen=True, slots=True)
class RulesetChange:
    """
    One change.

    Parameters
    ----------
    witness
        For a change of answers, facts for which the answer changes; otherwise empty.
    """

    kind: ChangeKind
    subject: str
    message: str
    witness: Mapping[str, Value]

    def __str__(self) -> str:
        """One line."""
        facts = ", ".join(f"{name} = {written(value)}" for name, value in self.witness.items())
        return f"{self.subject}: {self.message}" + (f"; for example {facts}" if facts else "")


def diff_rulesets(before: Ruleset, after: Ruleset) -> tuple[RulesetChange, ...]:
    """Every change: derived facts, then table by table rows and answers, then joins and playbooks."""
    changes = [*_derived(before, after)]
    old = {table.name: table for table in before.tables}
    new = {table.name: table for table in after.tables}
    for name in dict.fromkeys((*old, *new)):
        if name in old and name in new:
            changes += _table(old[name], new[name])
        else:
            verb = "added" if name in new else "removed"
            table = new.get(name) or old[name]
            message = f"table {verb}, {len(table.rows)} rows"
            changes.append(RulesetChange(ChangeKind.TABLE, name, message, {}))
    changes += _named(ChangeKind.JOIN, {j.name: j for j in before.joins}, {j.name: j for j in after.joins})
    books = {b.name: b for b in before.playbooks}, {b.name: b for b in after.playbooks}
    return (*changes, *_named(ChangeKind.PLAYBOOK, *books))


def _named(kind: ChangeKind, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[RulesetChange]:
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            verb = "added" if name not in old else "removed" if name not in new else "changed"
            yield RulesetChange(kind, name, f"{kind.lower()} {verb}", {})


def _derived(before: Ruleset, after: Ruleset) -> Iterator[RulesetChange]:
    old = {fact.field.name: fact.text for fact in before.derived}
    new = {fact.field.name: fact.text for fact in after.derived}
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            message = f"expression `{old.get(name, '')}` -> `{new.get(name, '')}`"
            yield RulesetChange(ChangeKind.DERIVED_FACT, name, message, {})


def _table(old: DecisionTable, new: DecisionTable) -> Iterator[RulesetChange]:
    name = new.name
    if (old.hit, old.aggregate) != (new.hit, new.aggregate):
        message = f"hit policy {old.hit} {old.aggregate or ''} -> {new.hit} {new.aggregate or ''}"
        yield RulesetChange(ChangeKind.HIT_POLICY, name, " ".join(message.split()), {})
    before = {row.id: row for row in old.rows} | ({old.default.id: old.default} if old.default else {})
    after = {row.id: row for row in new.rows} | ({new.default.id: new.default} if new.default else {})
    for row in dict.fromkeys((*before, *after)):
        yield from _row(name, row, before.get(row), after.get(row))
    kept = [row for row in before if row in after]
    if kept != [row for row in after if row in before]:
        yield RulesetChange(ChangeKind.ORDER, name, "rows stand in another order", {})
    for change in compare_answers(old, new):
        yield RulesetChange(ChangeKind.ANSWER, name, _answer(change), change.witness)


def _row(table: str, row: str, old: Row | None, new: Row | None) -> Iterator[RulesetChange]:
    subject = f"{table} {row}"
    if old is None or new is None:
        here = new or old
        verb = "added" if old is None else "removed"
        yield RulesetChange(ChangeKind.ROW, subject, f"row {verb}: {_described(here)}", {})
        return
    for fact in dict.fromkeys(cell.fact for cell in (*old.cells, *new.cells)):
        was, now = _condition(old, fact), _condition(new, fact)
        if was != now:
            yield RulesetChange(ChangeKind.CONDITION, subject, f"{fact} `{was}` -> `{now}`", {})
    outcomes = _outcome(old), _outcome(new)
    for output in dict.fromkeys((*outcomes[0], *outcomes[1])):
        was, now = (outcome.get(output, "nothing") for outcome in outcomes)
        if was != now:
            yield RulesetChange(ChangeKind.OUTCOME, subject, f"{output} {was} -> {now}", {})
    if old.because != new.because:
        yield RulesetChange(ChangeKind.REASON, subject, "another reason is given", {})


def _described(row: Row | None) -> str:
    if row is None:
        return ""
    conditions = " and ".join(f"{cell.fact} {cell.text}" for cell in row.cells) or "always"
    return f"{conditions}: " + ", ".join(f"{name} {value}" for name, value in _outcome(row).items())


def _condition(row: Row, fact: str) -> str:
    cell = row.cell(fact)
    return cell.text if cell else "-"


def _outcome(row: Row) -> dict[str, str]:
    constant = {name: say(value) for name, value in row.outcome.items()}
    return constant | {name: f"= {expression.text.strip()}" for name, expression in row.computed}


def _answer(change: AnswerChange) -> str:
    where = " and ".join(_stretch(fact, text) for fact, text in change.region.items())
    return f"for {where or 'all facts'}: {change.before} -> {change.after}"


def _stretch(fact: str, text: str) -> str:
    """`order.value > 100`, `item.abc = "A"`, `order.value in (1..2]`, `item.abc not("A")`."""
    if text[0] in "<>" or text.startswith("not("):
        return f"{fact} {text}"
    return f"{fact} in {text}" if "," in text or text[0] in "[(" else f"{fact} = {text}"
