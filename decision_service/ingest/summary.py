"""How many findings of which kind, and what was done about them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from optimization.network import Finding


@dataclass(frozen=True, slots=True)
class FindingCount:
    """Findings of one kind that were answered in one way (EXCLUDED, DEFAULTED, CAPPED, KEPT)."""

    kind: str
    action: str
    count: int


def count_findings(findings: Iterable[Finding]) -> tuple[FindingCount, ...]:
    """The summary of an import, by kind and action in alphabetical order."""
    counts = Counter((finding.kind, finding.action.partition(":")[0]) for finding in findings)
    return tuple(FindingCount(kind, action, count) for (kind, action), count in sorted(counts.items()))
