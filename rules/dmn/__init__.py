"""Models drawn in DMN tools: read, evaluated, and translated into policy files."""

from rules.dmn.errors import DmnError, DmnInputError
from rules.dmn.evidence import Step
from rules.dmn.model import Decision, DmnModel, DmnResult, InputData, read_dmn

__all__ = ["Decision", "DmnError", "DmnInputError", "DmnModel", "DmnResult", "InputData", "Step", "read_dmn"]
