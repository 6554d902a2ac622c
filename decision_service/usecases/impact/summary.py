"""Many differences as one: what a release would have changed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from decision_service.decision import Verdict
from decision_service.usecases.impact.difference import Difference, Flipped, Side

WORST = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure then and now; `unit` is money, 1, s or empty for counts."""

    name: str
    unit: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class ImpactCase:
    """One decision that would have been another."""

    decision: str
    request_id: str
    release: str
    verdict_before: Verdict
    verdict_after: Verdict | None
    flipped: int
    spend_change: float
    service_change: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Impact:
    """
    What a release would have changed.

    Parameters
    ----------
    flips
        Orders by disposition then and now, most orders first; unchanged ones too.
    figures
        Over the decisions that could be decided again.
    worst
        Those that could not be decided again, then those that changed most; at most ten.
    """

    release: str
    digest: str
    decisions: int
    unchanged: int
    verdicts_changed: int
    failed: int
    flips: tuple[Flipped, ...]
    figures: tuple[Figure, ...]
    worst: tuple[ImpactCase, ...]


def summarise(release: str, digest: str, differences: Iterable[Difference]) -> Impact:
    """The sum of all differences; their order does not matter."""
    all_ = tuple(sorted(differences, key=lambda d: d.decision))
    done = tuple(d for d in all_ if d.after is not None)
    changed = sorted((d for d in all_ if not d.is_same), key=lambda d: (not d.problem, -d.weight, d.decision))
    return Impact(
        release,
        digest,
        decisions=len(all_),
        unchanged=sum(d.is_same for d in all_),
        verdicts_changed=sum(d.before.verdict != d.after.verdict for d in done if d.after),
        failed=len(all_) - len(done),
        flips=_flips(done),
        figures=_figures(done),
        worst=tuple(map(_case, changed[:WORST])),
    )


def _flips(differences: tuple[Difference, ...]) -> tuple[Flipped, ...]:
    orders: dict[tuple[str, str], int] = {}
    value: dict[tuple[str, str], float] = {}
    for flip in (f for d in differences for f in d.flips):
        pair = (flip.before, flip.after)
        orders[pair] = orders.get(pair, 0) + flip.orders
        value[pair] = value.get(pair, 0.0) + flip.value
    ranked = sorted(orders, key=lambda pair: (-orders[pair], pair))
    return tuple(Flipped(*pair, orders[pair], value[pair]) for pair in ranked)


def _figures(done: tuple[Difference, ...]) -> tuple[Figure, ...]:
    if not done:
        return ()
    pairs = tuple((d.before, d.after) for d in done if d.after is not None)
    measured = [d.seconds for d in done if d.seconds > 0.0]

    def figure(name: str, unit: str, of: Callable[[Side], float], *, is_mean: bool = False) -> Figure:
        count = len(pairs) if is_mean else 1
        return Figure(name, unit, sum(of(b) for b, _ in pairs) / count, sum(of(a) for _, a in pairs) / count)

    planned = tuple(p for p in pairs if p[0].service is not None and p[1].service is not None)
    found = [
        figure("orders", "", lambda side: side.orders),
        figure("spend", "money", lambda side: side.spend),
        figure("exceptions", "", lambda side: side.exceptions),
        figure("solver iterations", "", lambda side: side.work),
    ]
    if planned:
        service = [
            sum(side.service or 0.0 for side in sides) / len(planned) for sides in zip(*planned, strict=True)
        ]
        stock = [sum(side.stock for side in sides) / len(planned) for sides in zip(*planned, strict=True)]
        found.insert(2, Figure("projected service, mean", "1", *service))
        found.insert(3, Figure("projected stock, mean", "money", *stock))
    if measured:
        found.append(Figure("seconds a decision, mean", "s", 0.0, sum(measured) / len(measured)))
    return tuple(found)


def _case(difference: Difference) -> ImpactCase:
    before, after = difference.before, difference.after
    service = 0.0
    if after is not None and before.service is not None and after.service is not None:
        service = after.service - before.service
    return ImpactCase(
        difference.decision,
        difference.request_id,
        difference.release,
        before.verdict,
        after.verdict if after else None,
        difference.flipped,
        after.spend - before.spend if after else 0.0,
        service,
        difference.problem,
    )
