"""Rules judge every order: step 7 of the line. What no rule speaks of is not approved."""

from collections.abc import Mapping

from decision_service import directives
from decision_service.decision import Disposition, Evidence, JudgedOrder, Reason, Verdict
from decision_service.facts import Facts, SnapshotFacts
from decision_service.usecases.amending import amended
from decision_service.usecases.evidence import collect, reasons_of
from decision_service.usecases.release_content import Release
from rules import Evaluation, evaluate_stage

# The strictest table decides.
_STRICTNESS = (Disposition.BLOCKED, Disposition.REFERRED, Disposition.APPROVED)
_SILENCE = Reason("", "", "no review table speaks of this order: nothing is approved by default")


def judge(
    known: SnapshotFacts, release: Release, orders: tuple[JudgedOrder, ...], of_plan: Facts
) -> tuple[tuple[JudgedOrder, ...], tuple[Evidence, ...]]:
    """Every order with its disposition, and the evidence."""
    evaluated = [
        (o.id, evaluate_stage(release.ruleset, "review", known.of_order(o) | of_plan)) for o in orders
    ]
    judged = tuple([_dispose(o, said) for o, (_, said) in zip(orders, evaluated, strict=True)])
    return judged, collect("review", evaluated)


def verdict_on(orders: tuple[JudgedOrder, ...]) -> Verdict:
    """APPROVED if every order is."""
    if all(order.disposition is Disposition.APPROVED for order in orders):
        return Verdict.APPROVED
    return Verdict.REFERRED


def _dispose(order: JudgedOrder, evaluations: tuple[Evaluation, ...]) -> JudgedOrder:
    speaking = [e for e in evaluations if e.outcome.get("disposition")]
    if not speaking:
        return amended(order, disposition=Disposition.BLOCKED, reasons=(_SILENCE,))
    said = {str(e.outcome["disposition"]) for e in speaking}
    disposition = min(map(Disposition, said), key=_STRICTNESS.index)
    deciding = tuple([e for e in speaking if e.outcome["disposition"] == disposition])
    reasons = reasons_of(deciding)
    if disposition is Disposition.REFERRED:
        return _refer(order, directives.merge(deciding), reasons)
    return amended(order, disposition=disposition, reasons=reasons)


def _refer(order: JudgedOrder, said: Mapping[str, object], reasons: tuple[Reason, ...]) -> JudgedOrder:
    return amended(
        order,
        disposition=Disposition.REFERRED,
        reasons=reasons,
        role=str(said.get("role") or ""),
        deadline_days=float(str(said.get("deadline_days") or 0)),
        on_timeout=str(said.get("on_timeout") or ""),
    )
