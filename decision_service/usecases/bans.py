"""What other regions' rules forbid to buy: asked of the parameters tables with the facts of the place served."""

from decision_service import directives
from decision_service.decision import JudgedOrder
from decision_service.facts import SnapshotFacts
from decision_service.usecases.conflict_facts import Ban, regions_served
from decision_service.usecases.release_content import Release
from optimization.network import LaneKind, Stage
from rules import evaluate_stage


def bans_on(known: SnapshotFacts, release: Release, orders: tuple[JudgedOrder, ...]) -> tuple[Ban, ...]:
    """Items that a region, to which a purchase is passed on, may not have from that supplier."""
    by_id = {order.id: order for order in orders}
    wanted = {
        Ban(region, order.item, order.supplier)
        for order in orders
        if order.kind is LaneKind.PURCHASE and order.supplier
        for region in regions_served(known, order, by_id)
    }
    if not wanted:
        return ()
    places = _places(known)
    return tuple(
        ban
        for ban in sorted(wanted, key=lambda b: (b.region, b.item, b.supplier))
        if any(_forbids(known, release, ban, stage) for stage in places.get((ban.region, ban.item), ()))
    )


def _places(known: SnapshotFacts) -> dict[tuple[str, str], list[Stage]]:
    """Stages by region and item."""
    found: dict[tuple[str, str], list[Stage]] = {}
    for stage in known.snapshot.stages:
        found.setdefault((known.locations[stage.location].region, stage.item), []).append(stage)
    return found


def _forbids(known: SnapshotFacts, release: Release, ban: Ban, stage: Stage) -> bool:
    supplier = known.suppliers.get(ban.supplier)
    said = evaluate_stage(release.ruleset, "parameters", known.of_stage(stage, supplier))
    return bool(directives.merge(said).get("exclude_supplier"))
