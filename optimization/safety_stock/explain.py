"""
Why a stage holds what it holds, and what would change it.

Every figure is the difference between two proven placements, not an estimate: the network is solved
again with one day less, one point of service more, one unit of capacity more, or dearer holding.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from optimization.errors import InvalidNetworkError
from optimization.network import ServiceLevel
from optimization.plan import Placement, SafetyStock
from optimization.report import SolveLimits
from optimization.safety_stock.problem import ExternalDemand, GsmProblem, GsmStage
from optimization.safety_stock.whatif import WarmModel

_FACTORS = (1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Shift:
    """Holding `factor` times as dear moves stock away: the stages whose stock changes then, largest change first."""

    factor: float
    stages: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class StageExplanation:
    """
    What stands behind one stage's safety stock; money is per year for the whole network.

    Parameters
    ----------
    waits_for
        Suppliers whose service time is the stage's own waiting time.
    promises_to
        Customers, with how long they wait for their slowest supplier.
    day_of_lead_time
        Saved by one day less; None where the stage takes less than a day.
    point_of_service
        Cost of one point (0.01) more at the demand served from here; None where none has room for it.
    unit_of_capacity
        Saved by one unit a day more; None without a capacity.
    shift
        What moves the stock elsewhere, if anything up to ten times the holding cost does.
    """

    stock: SafetyStock
    waits_for: tuple[str, ...]
    promises_to: tuple[tuple[str, float], ...]
    day_of_lead_time: float | None
    point_of_service: float | None
    unit_of_capacity: float | None
    shift: Shift | None
    why: str


def explain_stage(problem: GsmProblem, stage: str, limits: SolveLimits) -> StageExplanation:
    """The explanation of one stage; a dozen warm solves."""
    chosen = next((s for s in problem.stages if s.name == stage), None)
    if chosen is None:
        raise InvalidNetworkError("stage", f"`{stage}` is not a stage", "name a stage of the problem")
    model = WarmModel(problem, limits)
    lines = {line.stage: line for line in model.placement.stocks}
    stock = lines[stage]
    waits_for = tuple(
        arc.supplier
        for arc in problem.arcs
        if arc.customer == stage and lines[arc.supplier].service_time_out == stock.service_time_in > 0.0
    )
    promises_to = tuple(
        (arc.customer, lines[arc.customer].service_time_in) for arc in problem.arcs if arc.supplier == stage
    )
    return StageExplanation(
        stock,
        waits_for,
        promises_to,
        _saved_by(model, chosen, _one_day_less),
        _cost_of_service(model, stage),
        _saved_by(model, chosen, _one_unit_more),
        _shift(model, chosen),
        _say(chosen, stock, waits_for),
    )


def _saved_by(
    model: WarmModel, stage: GsmStage, change: Callable[[GsmStage], dict[str, float] | None]
) -> float | None:
    fields = change(stage)
    if fields is None:
        return None
    return model.placement.report.objective - model.ask({stage.name: fields}).report.objective


def _one_day_less(stage: GsmStage) -> dict[str, float] | None:
    return {"processing_time": stage.processing_time - 1.0} if stage.processing_time >= 1.0 else None


def _one_unit_more(stage: GsmStage) -> dict[str, float] | None:
    return None if stage.capacity is None else {"capacity": stage.capacity + 1.0}


def _cost_of_service(model: WarmModel, stage: str) -> float | None:
    reached = _downstream(model.problem, stage)
    changes = {
        s.name: {"demand": better}
        for s in model.problem.stages
        if s.name in reached and s.demand is not None and (better := _one_point_more(s.demand)) is not None
    }
    if not changes:
        return None
    return model.ask(changes).report.objective - model.placement.report.objective


def _one_point_more(demand: ExternalDemand) -> ExternalDemand | None:
    level = demand.service_level
    if level is None or level.target + 0.01 >= 1.0:
        return None
    return replace(demand, service_level=ServiceLevel(level.kind, level.target + 0.01))


def _downstream(problem: GsmProblem, stage: str) -> set[str]:
    reached, stack = {stage}, [stage]
    customers: dict[str, list[str]] = {}
    for arc in problem.arcs:
        customers.setdefault(arc.supplier, []).append(arc.customer)
    while stack:
        for customer in customers.get(stack.pop(), ()):
            if customer not in reached:
                reached.add(customer)
                stack.append(customer)
    return reached


def _shift(model: WarmModel, stage: GsmStage) -> Shift | None:
    before = {line.stage: line for line in model.placement.stocks}
    if before[stage.name].safety_stock <= 0.0:
        return None
    for factor in _FACTORS:
        after = model.ask({stage.name: {"holding_rate": stage.holding_rate * factor}})
        if _net(after, stage.name) < before[stage.name].net_replenishment_time:
            moved = [(s.stage, s.safety_stock - before[s.stage].safety_stock) for s in after.stocks]
            changed = sorted((m for m in moved if abs(m[1]) > 1e-9), key=lambda m: (-abs(m[1]), m[0]))
            return Shift(factor, tuple(changed))
    return None


def _net(placement: Placement, stage: str) -> float:
    return next(line.net_replenishment_time for line in placement.stocks if line.stage == stage)


def _say(stage: GsmStage, stock: SafetyStock, waits_for: tuple[str, ...]) -> str:
    own = stage.processing_time + stage.review_period
    waiting = f"waits {stock.service_time_in:g} days" + (f" for {', '.join(waits_for)}" if waits_for else "")
    return (
        f"`{stage.name}` {waiting}, takes {own:g} and promises {stock.service_time_out:g}: it covers"
        f" {stock.net_replenishment_time:g} days of demand with {stock.safety_stock:.6g} units"
    )
