"""
What a unit at a stage is worth, from which holding and lateness are priced.

The stage's added cost plus the value of what its primary lane consumes; for a bought stage without
added cost, the price on that lane. Where that comes to nothing the item's value stands in, and
where nobody stated any value, 1, with a finding.
"""

from collections.abc import Mapping, Sequence

from optimization.network import Finding, Item, Lane, LaneKind, Stage


def unit_values(
    stages: Sequence[Stage], items: Mapping[str, Item], primary: Mapping[str, tuple[Lane, float]]
) -> tuple[list[float], list[Finding]]:
    """
    Value per stage, in the order given.

    Parameters
    ----------
    primary
        By stage: its preferred lane and the base units in one of the lane's units; these run in no circle.
    """
    known: dict[str, float] = {}
    findings: list[Finding] = []
    by_id = {stage.id: stage for stage in stages}
    for stage in stages:
        _value(stage.id, by_id, items, primary, known, findings)
    return [known[stage.id] for stage in stages], findings


def _value(  # noqa: PLR0913 - an explicit stack of what a closure would capture
    wanted: str,
    by_id: Mapping[str, Stage],
    items: Mapping[str, Item],
    primary: Mapping[str, tuple[Lane, float]],
    known: dict[str, float],
    findings: list[Finding],
) -> None:
    """Depth first, without recursion: networks are deeper than Python's stack."""
    stack, entered = [wanted], set()
    while stack:
        stage = by_id[stack[-1]]
        if stage.id in known:
            stack.pop()
            continue
        inputs = _inputs(primary.get(stage.id))
        waiting = [s for s, _ in inputs if s not in known and s not in entered]
        if waiting and stage.id not in entered:
            entered.add(stage.id)
            stack.extend(waiting)
            continue
        value = _own(stage, primary.get(stage.id)) + sum(known[s] * q for s, q in inputs)
        value = value or items[stage.item].value
        if not value:
            value = 1.0
            findings.append(
                Finding("NO_VALUE", stage.id, "nothing states what a unit is worth", "DEFAULTED: 1")
            )
        known[stage.id] = value
        stack.pop()


def _inputs(primary: tuple[Lane, float] | None) -> list[tuple[str, float]]:
    if primary is None:
        return []
    lane, _ = primary
    if lane.kind is LaneKind.TRANSFER:
        return [(lane.source, 1.0)]
    return [(c.stage, c.quantity) for c in lane.components]


def _own(stage: Stage, primary: tuple[Lane, float] | None) -> float:
    if stage.added_cost or primary is None:
        return stage.added_cost
    lane, factor = primary
    return lane.unit_cost / factor
