"""Names as people type them, as the service reads them."""

from typing import Any

from decision_service.cli.failure import Failure
from decision_service.v1 import decision_pb2


def release_name(given: str) -> str:
    """`replenishment@1.0.0` is short for `releases/replenishment@1.0.0`."""
    if given and "@" not in given:
        raise Failure(f"release `{given}` is not POLICY@VERSION; for example replenishment@1.0.0")
    return f"releases/{given.removeprefix('releases/')}" if given else ""


def scope_message(text: str) -> Any:
    """`region:north` as a Scope message; `*` = everything."""
    kind, colon, name = text.partition(":")
    if text == "*":
        return decision_pb2.Scope()
    if not colon or kind not in ("business_unit", "region", "location") or not name:
        raise Failure(f"scope `{text}` is not KIND:NAME with kind business_unit, region or location, or *")
    return decision_pb2.Scope(**{kind: name})
