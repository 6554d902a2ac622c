"""Facts in, outcomes with evidence out; knows nothing of supply chains, logs or the wire."""

from rules.compiler import compile_ruleset
from rules.diagnostics import Code, Diagnostic, Position
from rules.document import Aggregate, HitPolicy, PlannerAction, PolicyStage
from rules.errors import (
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
from rules.ruleset import Playbook, Ruleset, RuleTest
from rules.schema import FactField, FactSchema, FactType
from rules.table import DecisionTable, DerivedFact, Output, Row
from rules.yaml_reader import read_yaml

__all__ = [
    "Aggregate",
    "Code",
    "CompileError",
    "DecisionTable",
    "DerivationError",
    "DerivedFact",
    "Diagnostic",
    "Evaluation",
    "FactError",
    "FactField",
    "FactSchema",
    "FactType",
    "FactValueError",
    "HitPolicy",
    "HitPolicyError",
    "MissingFactError",
    "Output",
    "Playbook",
    "PlannerAction",
    "PolicyStage",
    "Position",
    "Reading",
    "Row",
    "RuleTest",
    "RulesError",
    "Ruleset",
    "UnknownFactError",
    "UnknownTableError",
    "Value",
    "compile_ruleset",
    "evaluate",
    "evaluate_stage",
    "read_yaml",
]
