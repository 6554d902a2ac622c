"""A compiled policy set: everything a release needs of its rules, immutable, with a digest."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from rules.diagnostics import Position
from rules.document import PolicyStage
from rules.errors import UnknownTableError
from rules.feel import Value
from rules.joins import JoinRule
from rules.schema import FactField, FactSchema
from rules.table import DecisionTable, DerivedFact


@dataclass(frozen=True, slots=True)
class RuleTest:
    """
    One test of a policy set.

    Parameters
    ----------
    expect
        Whole outcome by table.
    rows
        Ids of all determining rows of these tables; empty = not checked.
    """

    given: Mapping[str, Value]
    expect: Mapping[str, Mapping[str, Value]]
    rows: tuple[str, ...]
    where: Position


@dataclass(frozen=True, slots=True)
class Playbook:
    """
    What a person does who wants something else than the recommendation.

    Parameters
    ----------
    when
        The situation, in words.
    reason_codes
        Codes of which the person picks one; recorded.
    checklist
        What to look at first.
    actions
        What the person may do then.
    """

    name: str
    when: str
    reason_codes: tuple[str, ...]
    checklist: tuple[str, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiver:
    """
    A row that may be published although no test reaches it; part of the release and approved with it.

    Parameters
    ----------
    by
        Who answers for it.
    until
        Last day on which it counts.
    """

    table: str
    row: str
    by: str
    until: date
    reason: str


class Turn(NamedTuple):
    """
    A table when a stage comes to it.

    Parameters
    ----------
    known
        Every fact that may be given; None where the tables before it know the same.
    reads, derived
        Facts that it needs and none before it did.
    """

    table: DecisionTable
    known: frozenset[str] | None
    reads: tuple[FactField, ...]
    derived: tuple[DerivedFact, ...]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """
    A policy set, compiled.

    Parameters
    ----------
    digest
        Of the names and bytes of the files.
    owner_place, join_places
        Where the owner and each join stand.
    """

    name: str
    version: str
    owner: str
    owner_place: Position
    effective: date
    digest: str
    schema: FactSchema
    derived: tuple[DerivedFact, ...]
    tables: tuple[DecisionTable, ...]
    joins: tuple[JoinRule, ...]
    join_places: tuple[Position, ...]
    playbooks: tuple[Playbook, ...]
    tests: tuple[RuleTest, ...]
    waivers: tuple[Waiver, ...]
    _turns_at: Mapping[str, tuple[Turn, ...]] = field(init=False, repr=False, compare=False)
    _joins_of: Mapping[str, tuple[JoinRule, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort tables and joins by stage, once: every decision asks for them."""
        turns = {at: _turns([table for table in self.tables if table.stage is at]) for at in PolicyStage}
        joins = {at: tuple(join for join in self.joins if join.stage is at) for at in PolicyStage}
        object.__setattr__(self, "_turns_at", turns)
        object.__setattr__(self, "_joins_of", joins)

    def turns_at(self, stage: str) -> tuple[Turn, ...]:
        """Tables asked at a stage of a decision, in file order, each with what is read for it."""
        return self._turns_at[stage]

    def joins_of(self, stage: str) -> tuple[JoinRule, ...]:
        """Joins matched at a stage of a decision, in file order."""
        return self._joins_of[stage]

    def table(self, name: str) -> DecisionTable:
        """
        The table of a name.

        Raises
        ------
        UnknownTableError
            When there is none.
        """
        for table in self.tables:
            if table.name == name:
                return table
        names = ", ".join(f"`{table.name}`" for table in self.tables)
        raise UnknownTableError(f"no table `{name[:80]}`; there are {names}")

    def playbook(self, name: str) -> Playbook:
        """
        The playbook of a name.

        Raises
        ------
        UnknownTableError
            When there is none.
        """
        for playbook in self.playbooks:
            if playbook.name == name:
                return playbook
        raise UnknownTableError(f"no playbook `{name[:80]}`")


def _turns(tables: Sequence[DecisionTable]) -> tuple[Turn, ...]:
    """What several tables look at is read for the first of them; a policy set's tables share one vocabulary."""
    read: set[str] = set()
    turns: list[Turn] = []
    for table in tables:
        is_known = bool(turns) and table.known == turns[-1].table.known
        reads = tuple(field for field in table.reads if field.name not in read)
        derived = tuple(fact for fact in table.derived if fact.field.name not in read)
        turns.append(Turn(table, None if is_known else table.known, reads, derived))
        read |= {field.name for field in reads} | {fact.field.name for fact in derived}
    return tuple(turns)


def digest_of(files: Mapping[str, str]) -> str:
    """Content address of a policy set; lengths keep one file's end apart from the next one's name."""
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(errors="surrogatepass"), files[name].encode(errors="surrogatepass")):
            digest.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{digest.hexdigest()}"
