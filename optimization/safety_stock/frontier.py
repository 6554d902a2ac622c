"""
Service against cash: the efficient frontier of working capital by service of segments.

From the lowest level everywhere, the segment whose next level buys the most service per money tied up
moves first. Every point is a proven placement; dearer points with less service are left out.

    capital = sum over stages of unit value x safety stock
    service = demand-weighted mean of the service levels promised
"""

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from optimization.errors import InvalidNetworkError
from optimization.network import ServiceLevel, ServiceLevelKind
from optimization.parameters import StageParameters
from optimization.report import SolveLimits
from optimization.safety_stock.bounds import unit_values
from optimization.safety_stock.layout import lay_out
from optimization.safety_stock.minimise import WarmStart
from optimization.safety_stock.place import place_from
from optimization.safety_stock.problem import GsmProblem, check_service_level


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """Cycle service level per segment, what it ties up, what it costs per year, and its proven gap."""

    levels: tuple[tuple[str, float], ...]
    service: float
    capital: float
    cost: float
    gap: float


def efficient_frontier(
    problem: GsmProblem, segments: Mapping[str, str], levels: tuple[float, ...], limits: SolveLimits
) -> tuple[FrontierPoint, ...]:
    """
    Points from the least to the most service, each worth its capital.

    Parameters
    ----------
    segments
        Segment of each demand stage, for example its ABC class.
    levels
        Cycle service levels to choose from.
    """
    ladder = tuple(sorted(set(levels)))
    if not ladder:
        raise InvalidNetworkError("levels", "are missing", "give at least one cycle service level")
    for level in ladder:
        check_service_level("levels", ServiceLevel(ServiceLevelKind.CYCLE, level))
    names = sorted({_segment(segments, s.name) for s in problem.stages if s.demand is not None})
    start = WarmStart()
    place = dict.fromkeys(names, 0)
    points = [_point(problem, segments, _levels(place, ladder), (limits, start))]
    while any(step + 1 < len(ladder) for step in place.values()):
        tried = {
            name: _point(problem, segments, _levels({**place, name: step + 1}, ladder), (limits, start))
            for name, step in place.items()
            if step + 1 < len(ladder)
        }
        best = min(tried, key=lambda name: (-_worth(points[-1], tried[name]), name))
        place[best] += 1
        points.append(tried[best])
    return _undominated(points)


def point_within_budget(frontier: tuple[FrontierPoint, ...], budget: float) -> FrontierPoint:
    """The most service that the capital allows."""
    fitting = [point for point in frontier if point.capital <= budget]
    if not fitting:
        least = min(point.capital for point in frontier)
        raise InvalidNetworkError(
            "budget", f"`{budget:g}` is below the least of {least:g}", "raise the budget"
        )
    return max(fitting, key=lambda point: (point.service, -point.capital))


def point_reaching(frontier: tuple[FrontierPoint, ...], service: float) -> FrontierPoint:
    """The least capital that reaches a service target."""
    fitting = [point for point in frontier if point.service >= service - 1e-12]
    if not fitting:
        most = max(point.service for point in frontier)
        raise InvalidNetworkError(
            "service", f"`{service:g}` is above the most of {most:g}", "add higher levels"
        )
    return min(fitting, key=lambda point: (point.capital, -point.service))


def parameters_of(
    problem: GsmProblem, segments: Mapping[str, str], point: FrontierPoint
) -> dict[str, StageParameters]:
    """The point as planning parameters of a release: a cycle service level per demand stage."""
    levels = dict(point.levels)
    return {
        stage.name: StageParameters(
            service_level=ServiceLevel(ServiceLevelKind.CYCLE, levels[_segment(segments, stage.name)])
        )
        for stage in problem.stages
        if stage.demand is not None
    }


def draw_frontier(frontier: tuple[FrontierPoint, ...], form: str) -> bytes:
    """A picture of the frontier as `png` or `svg`; needs the `pictures` extra."""
    if form not in {"png", "svg"}:
        raise InvalidNetworkError("form", f"`{form}` is not a picture format", "use png or svg")
    from matplotlib import rc_context  # noqa: PLC0415 - an optional extra, only for pictures
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([p.capital for p in frontier], [100.0 * p.service for p in frontier], marker="o")
    axes.set(
        xlabel="working capital in safety stock",
        ylabel="cycle service level, %",
        title="service against cash",
    )
    axes.grid(visible=True, alpha=0.3)
    picture = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {"Software": None}  # the same bytes every time
    with rc_context({"svg.hashsalt": "frontier"}):
        figure.savefig(picture, format=form, metadata=metadata)
    return picture.getvalue()


def _segment(segments: Mapping[str, str], stage: str) -> str:
    if stage not in segments:
        raise InvalidNetworkError(f"segments[{stage}]", "is missing", "give a segment for every demand stage")
    return segments[stage]


def _levels(place: Mapping[str, int], ladder: tuple[float, ...]) -> dict[str, float]:
    return {name: ladder[step] for name, step in place.items()}


def _point(
    problem: GsmProblem,
    segments: Mapping[str, str],
    levels: dict[str, float],
    solving: tuple[SolveLimits, WarmStart],
) -> FrontierPoint:
    stages = tuple(
        stage
        if stage.demand is None
        else replace(
            stage,
            demand=replace(
                stage.demand,
                service_level=ServiceLevel(ServiceLevelKind.CYCLE, levels[segments[stage.name]]),
                safety_factor=None,
            ),
        )
        for stage in problem.stages
    )
    changed = replace(problem, stages=stages)
    placement = place_from(changed, *solving)
    value = unit_values(changed, lay_out(changed))
    weights = [(s.demand.mean, levels[segments[s.name]]) for s in stages if s.demand is not None]
    total = math.fsum(mean for mean, _ in weights)
    return FrontierPoint(
        tuple(sorted(levels.items())),
        math.fsum(mean * level for mean, level in weights) / total if total else 0.0,
        math.fsum(v * line.safety_stock for v, line in zip(value, placement.stocks, strict=True)),
        placement.report.objective,
        placement.report.gap,
    )


def _worth(before: FrontierPoint, after: FrontierPoint) -> float:
    more = after.service - before.service
    return more / max(after.capital - before.capital, 1e-12)


def _undominated(points: list[FrontierPoint]) -> tuple[FrontierPoint, ...]:
    kept: list[FrontierPoint] = []
    for point in sorted(points, key=lambda p: (p.capital, -p.service)):
        if not kept or point.service > kept[-1].service:
            kept.append(point)
    return tuple(kept)
