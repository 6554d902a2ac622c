"""
Grants: which subject has which roles, for which scopes. A TOML file, read at start and when it changes.

    [[grant]]
    subject = "spiffe://example/erp-north"
    roles = ["erp"]
    scopes = ["business_unit:north"]      # default: everything
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decision_service.api.identity.reloading import Reloading
from decision_service.api.roles import ROLES
from decision_service.errors import FieldViolation, InvalidRequestError

KINDS = ("business_unit", "region", "location")
_KEYS = {"subject", "roles", "scopes"}


@dataclass(frozen=True, slots=True)
class Grant:
    """Roles of a subject, and the scope keys for which it has them."""

    roles: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()


NOTHING = Grant()


class Grants:
    """The grants of a file."""

    def __init__(self, file: Path) -> None:
        self._by_subject = Reloading(file, read_grants)

    def of(self, subject: str) -> Grant:
        """The grant of a subject; nothing, where there is none."""
        return self._by_subject().get(subject, NOTHING)


def read_grants(file: Path) -> Mapping[str, Grant]:
    """
    The grants in a file, by subject.

    Raises
    ------
    InvalidRequestError
        With everything that is wrong in it.
    """
    try:
        document = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequestError((FieldViolation(str(file), str(error)),), "GRANTS_INVALID") from error
    rows = document.get("grant", [])
    if not isinstance(rows, list) or document.keys() - {"grant"}:
        raise InvalidRequestError(
            (FieldViolation(str(file), "must hold [[grant]] tables only"),), "GRANTS_INVALID"
        )
    wrong = [v for i, row in enumerate(rows) for v in _violations(f"grant[{i}]", row)]
    wrong += _repeated(rows)
    if wrong:
        raise InvalidRequestError(tuple(wrong), "GRANTS_INVALID")
    return {row["subject"]: Grant(frozenset(row["roles"]), tuple(row.get("scopes", ("*",)))) for row in rows}


def _violations(path: str, row: Any) -> list[FieldViolation]:
    if not isinstance(row, dict) or not isinstance(row.get("subject"), str) or not row["subject"]:
        return [FieldViolation(f"{path}.subject", "must be the subject of a certificate or token")]
    wrong = [FieldViolation(f"{path}.{k}", "unknown") for k in sorted(row.keys() - _KEYS)]
    roles, scopes = row.get("roles"), row.get("scopes", ["*"])
    if not isinstance(roles, list) or not roles or any(r not in ROLES for r in roles):
        wrong.append(FieldViolation(f"{path}.roles", f"must name some of {', '.join(ROLES)}"))
    if not isinstance(scopes, list) or not scopes or not all(_is_scope(s) for s in scopes):
        wrong.append(
            FieldViolation(f"{path}.scopes", f"must be `*` or KIND:NAME with kind {', '.join(KINDS)}")
        )
    return wrong


def _repeated(rows: list[Any]) -> list[FieldViolation]:
    """Two grants of one subject: which one held would depend on their order."""
    count = Counter(row.get("subject") for row in rows if isinstance(row, dict))
    return [
        FieldViolation("grant.subject", f"`{subject}` has {times} grants; write one")
        for subject, times in count.items()
        if times > 1 and isinstance(subject, str)
    ]


def _is_scope(scope: Any) -> bool:
    if not isinstance(scope, str):
        return False
    kind, _, name = scope.partition(":")
    return scope == "*" or (kind in KINDS and bool(name))
