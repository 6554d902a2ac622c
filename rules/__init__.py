"""Facts in, outcomes with evidence out; knows nothing of supply chains, logs or the wire."""

from rules.charter import AtEnd, Charter, Delegation, Domain, Ladder, LadderStep, Role, Severity
from rules.charter_reader import read_charter
from rules.compiler import compile_ruleset
from rules.diagnostics import Code, Diagnostic, Position
from rules.diff import ChangeKind, RulesetChange, diff_rulesets
from rules.document import Aggregate, HitPolicy, PlannerAction, PolicyStage
from rules.errors import (
    CharterError,
    CompileError,
    DerivationError,
    FactError,
    FactValueError,
    HitPolicyError,
    MissingFactError,
    RulesError,
    UnknownFactError,
    UnknownTableError,
)
from rules.evaluator import Evaluation, Reading, evaluate, evaluate_stage
from rules.feel import Value
from rules.lint import FindingKind, LintFinding, check_ruleset
from rules.ruleset import Playbook, Ruleset, RuleTest, Waiver
from rules.schema import FactField, FactSchema, FactType
from rules.table import DecisionTable, DerivedFact, Output, Row
from rules.testing import TableCoverage, TestFailure, TestReport, run_tests
from rules.waves import Wave
from rules.yaml_reader import read_yaml

__all__ = [
    "Aggregate",
    "AtEnd",
    "ChangeKind",
    "Charter",
    "CharterError",
    "Code",
    "CompileError",
    "DecisionTable",
    "Delegation",
    "DerivationError",
    "DerivedFact",
    "Diagnostic",
    "Domain",
    "Evaluation",
    "FactError",
    "FactField",
    "FactSchema",
    "FactType",
    "FactValueError",
    "FindingKind",
    "HitPolicy",
    "HitPolicyError",
    "Ladder",
    "LadderStep",
    "LintFinding",
    "MissingFactError",
    "Output",
    "PlannerAction",
    "Playbook",
    "PolicyStage",
    "Position",
    "Reading",
    "Role",
    "Row",
    "RuleTest",
    "RulesError",
    "Ruleset",
    "RulesetChange",
    "Severity",
    "TableCoverage",
    "TestFailure",
    "TestReport",
    "UnknownFactError",
    "UnknownTableError",
    "Value",
    "Waiver",
    "Wave",
    "check_ruleset",
    "compile_ruleset",
    "diff_rulesets",
    "evaluate",
    "evaluate_stage",
    "read_charter",
    "read_yaml",
    "run_tests",
]
