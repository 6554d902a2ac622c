"""Models drawn in DMN tools: read, evaluated, and translated into policy files."""

from rules.dmn.errors import DmnError, DmnInputError
from rules.dmn.evidence import Step
from rules.dmn.model import Decision, DmnModel, DmnResult, InputData, read_dmn
from rules.dmn.policy_yaml import to_policy_yaml
from rules.dmn.types import ItemType

__all__ = [
    "Decision",
    "DmnError",
    "DmnInputError",
    "DmnModel",
    "DmnResult",
    "InputData",
    "ItemType",
    "Step",
    "read_dmn",
    "to_policy_yaml",
]
