"""Which decisions somebody wants to see."""

from dataclasses import dataclass
from datetime import datetime

from decision_service.decision import DecisionMode, Disposition, Verdict


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """All conditions given must hold; None or empty = any."""

    verdict: Verdict | None = None
    disposition: Disposition | None = None
    mode: DecisionMode | None = None
    release: str = ""
    scope: str = ""
    rule: str = ""
    actor: str = ""
    request_id: str = ""
    item: str = ""
    location: str = ""
    min_value: float = 0.0
    max_value: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    as_known_at: datetime | None = None
    scopes: tuple[str, ...] = ("*",)
