"""
A release: what governance approved, frozen, and compiled for use.

Content = the files of a policy set (rules, `parameters.yaml`, `charter.yaml`, `guard.yaml`). Its digest is over
the canonical form of the files, so the same files are the same release wherever they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit import canonical
from decision_service.errors import FieldViolation, InvalidRequestError
from decision_service.facts import FACTS
from decision_service.usecases.release_guard import GuardParameters, read_guard
from decision_service.usecases.release_parameters import read_parameters
from optimization.parameters import PlanningParameters
from rules import Charter, CompileError, Ruleset, compile_ruleset, read_charter, read_yaml

PARAMETERS, CHARTER, GUARD = "parameters.yaml", "charter.yaml", "guard.yaml"
NOT_RULES = (PARAMETERS, CHARTER, GUARD)


@dataclass(frozen=True, slots=True)
class ReleaseContent:
    """Files of a policy set: text by relative path."""

    files: Mapping[str, str]

    def encode(self) -> bytes:
        """Canonical bytes; the digest of these names the release."""
        return canonical.encode_object(self)


@dataclass(frozen=True, slots=True)
class Release:
    """
    A compiled release: rules to evaluate, parameters to plan with, a charter to judge by, a guard.

    Parameters
    ----------
    encoded
        Canonical bytes of the content, whose digest names the release.
    """

    name: str
    digest: str
    content: ReleaseContent
    encoded: bytes
    ruleset: Ruleset
    parameters: PlanningParameters
    charter: Charter
    guard: GuardParameters | None = None


def compile_release(content: ReleaseContent) -> Release:
    """
    The release that the files make.

    Raises
    ------
    InvalidRequestError
        With every diagnostic of every file.
    """
    rule_files = {k: v for k, v in content.files.items() if k not in NOT_RULES}
    try:
        ruleset = compile_ruleset(rule_files, FACTS)
    except CompileError as error:
        raise InvalidRequestError(
            tuple(_violation(d) for d in error.diagnostics), "POLICY_INVALID"
        ) from error
    encoded = content.encode()
    name = f"releases/{ruleset.name}@{ruleset.version}"
    parameters, charter, guard = _read_parameters(content), _read_charter(content), _read_guard(content)
    digest = canonical.digest(encoded)
    return Release(name, digest, content, encoded, ruleset, parameters, charter, guard)


def _violation(diagnostic: Any) -> FieldViolation:
    return FieldViolation(
        f"files[{diagnostic.where.file}]" if hasattr(diagnostic.where, "file") else "files", str(diagnostic)
    )


def _read_parameters(content: ReleaseContent) -> PlanningParameters:
    if PARAMETERS not in content.files:
        return PlanningParameters()
    return read_parameters(_read(content, PARAMETERS, read_yaml), PARAMETERS)


def _read_guard(content: ReleaseContent) -> GuardParameters | None:
    return read_guard(_read(content, GUARD, read_yaml), GUARD) if GUARD in content.files else None


def _read_charter(content: ReleaseContent) -> Charter:
    if CHARTER not in content.files:
        raise _invalid(CHARTER, "missing: a release says who may approve it; add charter.yaml")
    charter: Charter = _read(content, CHARTER, lambda text, _: read_charter(text))
    return charter


def _read(content: ReleaseContent, path: str, read: Any) -> Any:
    try:
        return read(content.files[path], path)
    except CompileError as error:
        raise InvalidRequestError(
            tuple(_violation(d) for d in error.diagnostics), "POLICY_INVALID"
        ) from error


def _invalid(path: str, problem: str) -> InvalidRequestError:
    return InvalidRequestError((FieldViolation(f"files[{path}]", problem),), "POLICY_INVALID")
