"""
The planner as its user would drive it through the simulator: problem in, orders out.

Only `optimization.uncertain`'s public names are used, and only what a user is told: network
data, stock, shipments to come, past demand and shortages. `informed` modes are told the true
mean demand and the service response; `blind` knows the configured base mean, `declared` also
the service response.
"""

import json
import subprocess
import time
from dataclasses import dataclass, field, replace
from enum import StrEnum

from optimization.network import DemandKind
from optimization.uncertain import (
    OUTSIDE,
    DemandFilter,
    DemandPrior,
    Market,
    NormalForecast,
    PoissonForecast,
    Route,
    Sampling,
    ServiceResponse,
    StockPoint,
    UncertainProblem,
    plan_on_path,
    plan_on_samples,
)


class Mode(StrEnum):
    """What the planner is told and how it plans."""

    PATH = "informed, path"
    SAMPLED = "informed, sampled"
    BLIND = "blind"
    DECLARED = "blind, service response declared"


@dataclass(frozen=True)
class Scenario:
    network: str
    demand: dict
    backlog: bool
    seed: int


@dataclass(frozen=True)
class Episode:
    profit: float
    cpu_seconds: float


@dataclass
class Simulator:
    """The other end of the pipe."""

    interpreter: str
    script: str
    process: subprocess.Popen = field(init=False)

    def __post_init__(self):
        self.process = subprocess.Popen(
            [self.interpreter, self.script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def run_episode(simulator, scenario, mode, sampling):
    """Roll the planner through one episode; CPU seconds are the planner's alone."""
    world = simulator.ask(reset=vars(scenario))
    state, profit, spent = world["state"], 0.0, 0.0
    agent = Agent(world, scenario, mode, sampling)
    while True:
        begin = time.process_time()
        orders = agent.order(state)
        spent += time.process_time() - begin
        state = simulator.ask(step=orders)
        profit += state["reward"]
        if state["done"]:
            return Episode(profit, spent)


def perfect_profit(simulator, scenario):
    """Profit of the plan made with all demand known, where demand does not react to service."""
    world = simulator.ask(reset=vars(scenario))
    state, demand = world["state"], []
    while not state["done"]:
        state = simulator.ask(step=[0.0] * len(world["routes"]))
        demand.append(state["demand"])
    world = simulator.ask(reset=vars(scenario))
    agent = Agent(world, scenario, Mode.PATH, Sampling(paths=1))
    problem = agent.problem(world["state"], NormalForecast(tuple(demand), (0.0,) * len(demand)))
    flows = plan_on_samples(problem, agent.sampling).flows
    return sum(
        simulator.ask(step=[flows[route.id][period] for route in problem.routes])["reward"]
        for period in range(world["periods"])
    )


class Agent:
    """A planner's user: keeps the state that an ERP would keep between two plans."""

    def __init__(self, world, scenario, mode, sampling):
        self.world, self.mode, self.sampling = world, mode, sampling
        self.kind = DemandKind.BACKORDER if scenario.backlog else DemandKind.LOST_SALE
        is_told = scenario.demand.get("use_goodwill", False) and mode is not Mode.BLIND
        self.response = ServiceResponse(**world["response"]) if is_told else ServiceResponse()
        self.filter = DemandFilter.start(DemandPrior(world["base_mean"]))

    def order(self, state):
        """Orders by route, in the simulator's order of routes."""
        if state["period"] > 0:
            self._remember(state)
        problem = self.problem(state, self._forecast(state))
        plan = plan_on_path(problem) if self.mode is Mode.PATH else plan_on_samples(problem, self.sampling)
        return [plan.orders[route.id] for route in problem.routes]

    def _remember(self, state):
        """The demand seen had the level in force then; the shortage moves the next one."""
        self.filter = self.filter.observe(state["demand"], self.response.level)
        level = self.response.after(self.response.level, state["short"] > 0.0)
        self.response = replace(self.response, level=float(level))

    def _forecast(self, state):
        if self.mode in (Mode.PATH, Mode.SAMPLED):
            return PoissonForecast(tuple(self.world["mean"][state["period"] :]))
        return self.filter.forecast(self.world["periods"] - state["period"], self.sampling.paths)

    def problem(self, state, forecast):
        """The planning problem of what an ERP knows now."""
        left = self.world["periods"] - state["period"]
        market = self.world["market"]
        return UncertainProblem(
            points=tuple(self._point(p, state) for p in self.world["points"]),
            routes=tuple(self._route(r, due) for r, due in zip(self.world["routes"], state["due"], strict=True)),
            markets=(
                Market(
                    str(market["point"]), market["p"], market["b"], forecast, self.kind,
                    backorders=state["short"] if self.kind is DemandKind.BACKORDER else 0.0,
                    response=self.response,
                ),
            ),
            horizon=left,
        )  # fmt: skip

    def _point(self, point, state):
        name = str(point["id"])
        return StockPoint(name, state["stock"][name], point["h"], point.get("o", 0.0), point.get("C"))

    def _route(self, route, due):
        """Prices inside the network are paid and earned at once; only purchases cost money."""
        bought = route["from"] in self.world["sources"]
        return Route(
            f"{route['from']}-{route['to']}",
            OUTSIDE if bought else str(route["from"]),
            str(route["to"]),
            int(route["L"]),
            route["p"] if bought else 0.0,
            route["g"],
            due=tuple(due),
        )
