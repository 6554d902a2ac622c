"""
What an uncertain planning problem is made of: points that hold stock, routes, markets.

One item, periods 0 .. H-1. In each period a point first ships from its opening stock, then
receives what is due, then serves its market; costs are charged on what is left at the end.
"""

from dataclasses import dataclass

from optimization.errors import InvalidNetworkError
from optimization.network import DemandKind
from optimization.uncertain.forecast import Forecast
from optimization.uncertain.response import ServiceResponse

OUTSIDE = ""  # source of a route that buys from outside the network


@dataclass(frozen=True, slots=True)
class StockPoint:
    """
    A place that holds stock of the item.

    Parameters
    ----------
    on_hand
        Units in stock before period 0 begins. Must be >= 0.
    holding_cost
        Money per unit left at the end of a period.
    handling_cost
        Money per unit shipped from here to another point.
    throughput
        Most units shipped from here per period; None = unlimited.
    """

    id: str
    on_hand: float
    holding_cost: float = 0.0
    handling_cost: float = 0.0
    throughput: float | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """
    One way to supply `target`; `source` is a stock point or `OUTSIDE`.

    Parameters
    ----------
    lead_time
        Periods from shipping to receipt; 0 = received in the period it is shipped.
    unit_cost
        Money per unit when it is shipped.
    transit_cost
        Money per unit in transit at the end of a period.
    maximum
        Most units per period; None = unlimited.
    due
        Units already under way: `due[k]` is received in period k.
    """

    id: str
    source: str
    target: str
    lead_time: int
    unit_cost: float = 0.0
    transit_cost: float = 0.0
    maximum: float | None = None
    due: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Market:
    """
    External demand at a stock point.

    Parameters
    ----------
    price
        Money earned per unit sold.
    shortage_cost
        Money per unit and period waiting (BACKORDER) or per unit lost (LOST_SALE).
    backorders
        Units owed before period 0 begins.
    response
        How demand reacts to service; the default does not.
    event_cost
        Money per period in which any demand goes short, beyond the units themselves.
    """

    point: str
    price: float
    shortage_cost: float
    forecast: Forecast
    kind: DemandKind = DemandKind.BACKORDER
    backorders: float = 0.0
    response: ServiceResponse = ServiceResponse()
    event_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class UncertainProblem:
    """
    A network, its state and the distribution of its demand over `horizon` periods.

    Raises
    ------
    InvalidNetworkError
        When a number is out of range, a name is unknown or used twice, or a market's point
        also supplies another point: join two points by a route of lead time 0 instead.
    """

    points: tuple[StockPoint, ...]
    routes: tuple[Route, ...]
    markets: tuple[Market, ...]
    horizon: int

    def __post_init__(self) -> None:
        _require(self.horizon >= 1, "horizon", f"`{self.horizon}` periods", "plan at least one")
        self._check_points()
        self._check_routes()
        self._check_markets()

    def _check_points(self) -> None:
        _refuse_repeats("points", [p.id for p in self.points])
        for n, point in enumerate(self.points):
            where = f"points[{n}]"
            _require(point.id != OUTSIDE, f"{where}.id", "is empty", "name the point")
            _require_amounts(where, on_hand=point.on_hand, holding_cost=point.holding_cost)
            _require_amounts(where, handling_cost=point.handling_cost, throughput=point.throughput or 0.0)

    def _check_routes(self) -> None:
        _refuse_repeats("routes", [r.id for r in self.routes])
        known = {p.id for p in self.points}
        for n, route in enumerate(self.routes):
            where = f"routes[{n}]"
            _require(
                route.target in known,
                f"{where}.target",
                f"`{route.target}` is no point",
                "name one of `points`",
            )
            _require(
                route.source in known | {OUTSIDE}, f"{where}.source", f"`{route.source}` is no point",
                "name one of `points`, or leave it empty for a purchase",
            )  # fmt: skip
            _require(
                route.source != route.target,
                f"{where}.target",
                f"`{route.target}` supplies itself",
                "remove it",
            )
            _require(
                route.lead_time >= 0,
                f"{where}.lead_time",
                f"`{route.lead_time}` is negative",
                "use 0 or more",
            )
            _require_amounts(where, unit_cost=route.unit_cost, transit_cost=route.transit_cost)
            _require_amounts(where, maximum=route.maximum or 0.0)
            _require_amounts(where, **{f"due[{k}]": units for k, units in enumerate(route.due)})

    def _check_markets(self) -> None:
        _refuse_repeats("markets", [m.point for m in self.markets])
        known, sources = {p.id for p in self.points}, {r.source for r in self.routes}
        for n, market in enumerate(self.markets):
            where = f"markets[{n}]"
            _require(
                market.point in known,
                f"{where}.point",
                f"`{market.point}` is no point",
                "name one of `points`",
            )
            _require(
                market.point not in sources, f"{where}.point", f"`{market.point}` also supplies another point",
                "join two points by a route of lead time 0",
            )  # fmt: skip
            _require_amounts(where, price=market.price, shortage_cost=market.shortage_cost)
            _require_amounts(where, backorders=market.backorders, event_cost=market.event_cost)
            _require(
                market.forecast.horizon >= self.horizon, f"{where}.forecast",
                f"covers {market.forecast.horizon} of {self.horizon} periods", "forecast every period",
            )  # fmt: skip


def _require(holds: bool, field: str, problem: str, fix: str) -> None:  # noqa: FBT001 - a condition, not a switch
    if not holds:
        raise InvalidNetworkError(field, problem, fix)


def _require_amounts(where: str, **amounts: float) -> None:
    for name, amount in amounts.items():
        _require(
            0.0 <= amount < float("inf"),
            f"{where}.{name}",
            f"`{amount}` is out of range",
            "use a number >= 0",
        )


def _refuse_repeats(field: str, ids: list[str]) -> None:
    for n, name in enumerate(ids):
        _require(name not in ids[:n], f"{field}[{n}]", f"`{name}` is there twice", "keep one")
