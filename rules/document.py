"""
Policy files as written: nothing compiled yet, every value with its place.

`rules.document_reader` reads them; see `policies/schema.json` for the shape of a file.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rules.diagnostics import Position
from rules.schema import FactType
from rules.yaml_reader import MapNode, Node, Scalar

DEFAULT_ROW = "default"


class PolicyStage(StrEnum):
    """When in a decision a table is asked."""

    ADMISSION = "admission"
    PARAMETERS = "parameters"
    REVIEW = "review"
    CONFLICTS = "conflicts"
    ESCALATION = "escalation"


class HitPolicy(StrEnum):
    """What happens when several rows match, in the words of DMN 1.3, section 8.2.8."""

    UNIQUE = "UNIQUE"
    ANY = "ANY"
    PRIORITY = "PRIORITY"
    FIRST = "FIRST"
    COLLECT = "COLLECT"
    RULE_ORDER = "RULE ORDER"
    OUTPUT_ORDER = "OUTPUT ORDER"

    @property
    def is_single(self) -> bool:
        """Whether one row answers."""
        return self in (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST)


class Aggregate(StrEnum):
    """How COLLECT folds the rows that match into one number."""

    SUM = "SUM"
    MIN = "MIN"
    MAX = "MAX"
    COUNT = "COUNT"


class PlannerAction(StrEnum):
    """What a playbook may let a planner do with a recommendation."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"
    OVERRIDE_QUANTITY = "OVERRIDE_QUANTITY"
    OVERRIDE_DATE = "OVERRIDE_DATE"
    ESCALATE = "ESCALATE"
    DELEGATE = "DELEGATE"


@dataclass(frozen=True, slots=True)
class Header:
    """Who answers for a policy set, and from when it may govern."""

    policy: str
    version: str
    owner: str
    effective: date
    owner_place: Position


@dataclass(frozen=True, slots=True)
class FactDocument:
    """A derived fact as written."""

    name: Scalar
    type: FactType
    expression: Scalar


@dataclass(frozen=True, slots=True)
class RowDocument:
    """A row as written: cells by input name, outcomes by output name."""

    id: Scalar
    when: tuple[tuple[Scalar, Scalar], ...]
    then: tuple[tuple[Scalar, Scalar], ...]
    because: Scalar | None


@dataclass(frozen=True, slots=True)
class OutputDocument:
    """An output as written; `values` in order of decreasing priority."""

    name: Scalar
    type: FactType
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class TableDocument:
    """A table as written."""

    name: Scalar
    stage: PolicyStage
    hit: HitPolicy
    aggregate: Aggregate | None
    inputs: tuple[Scalar, ...]
    outputs: tuple[OutputDocument, ...]
    rows: tuple[RowDocument, ...]
    default: RowDocument | None


@dataclass(frozen=True, slots=True)
class TestDocument:
    """A test as written."""

    __test__ = False  # not a test of ours: pytest must not collect it

    given: tuple[tuple[Scalar, Scalar], ...]
    expect: tuple[tuple[Scalar, MapNode], ...]
    rows: tuple[Scalar, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class PlaybookDocument:
    """A playbook as written."""

    name: Scalar
    when: str
    reason_codes: tuple[str, ...]
    checklist: tuple[str, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaiverDocument:
    """A waiver as written."""

    table: Scalar
    row: Scalar
    by: str
    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class RulesetDocument:
    """All files of a policy set together."""

    header: Header
    facts: tuple[FactDocument, ...]
    tables: tuple[TableDocument, ...]
    joins: tuple[Node, ...]
    playbooks: tuple[PlaybookDocument, ...]
    tests: tuple[TestDocument, ...]
    waivers: tuple[WaiverDocument, ...]
