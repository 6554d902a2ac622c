"""How far the search is with a part that shares nothing with others."""

from dataclasses import dataclass, replace

from optimization.decomposition.unlinked import UnlinkedPlan
from optimization.replenishment.heuristic import construct
from optimization.replenishment.linked import LinkedSearch
from optimization.replenishment.parts import Part
from optimization.replenishment.state import State
from optimization.report import SolveLimits, SolveReport, Termination
from optimization.solver import SOLVER

_CLOSE = 1e-6  # of the cost: what the solver's tolerances come to


@dataclass(slots=True)
class Progress:
    """One part: its best state, its bound, and the work it took."""

    part: Part
    known: State | None = None  # None: nothing was planned yet, constructed if anyone asks
    is_better: bool = False  # than what was constructed or given
    bound: float = 0.0  # no price is negative
    is_proven: bool = False
    priced: UnlinkedPlan | None = None
    linked: LinkedSearch | None = None
    nodes: int = 0
    iterations: int = 0
    columns: int = 0
    rows: int = 0
    solvers: tuple[str, ...] = (SOLVER,)

    @property
    def state(self) -> State:
        """The best state so far."""
        if self.known is None:
            self.known = construct(self.part.problem)
        return self.known

    def offer(self, state: State) -> None:
        """Keep the cheaper state."""
        if self.known is None or state.cost < self.known.cost:
            self.known, self.is_better = state, True

    def know(self, bound: float, limits: SolveLimits) -> None:
        """A lower bound; the part is proven once its state comes within the gap."""
        self.bound = min(self.state.cost, max(self.bound, bound))
        self.is_proven = self.state.cost - self.bound <= limits.gap * self.decided

    def believe(self, report: SolveReport) -> None:
        """
        A solver's word that its plan is optimal, if the best state costs no more than that plan.

        Where minima are large the solver's tolerances let it plan what is no order; then its word is of no use.
        """
        cost = report.objective + _CLOSE * max(1.0, abs(report.objective))
        self.is_proven |= report.termination is Termination.OPTIMAL and self.state.cost <= cost

    @property
    def is_over(self) -> bool:
        """Whether another slice can change nothing."""
        return self.is_proven or (self.priced is not None and not self.priced.can_improve)

    @property
    def decided(self) -> float:
        """What the plan decides on: its cost without the worth of stock that is there anyway."""
        rest = self.state.cost - self.part.problem.worth_given
        return rest if rest > 0.0 else abs(self.state.cost)

    def close(self, limits: SolveLimits) -> SolveLimits:
        """Limits whose gap, relative to the whole cost, is the one asked for of what is decided."""
        return replace(limits, gap=limits.gap * self.decided / max(abs(self.state.cost), 1e-12))

    def count(self, nodes: int, iterations: int) -> None:
        """Work that was done."""
        self.nodes += nodes
        self.iterations += iterations
