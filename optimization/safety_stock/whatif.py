"""
What if: change a few stages of a network and have the proven answer again.

A change of cost, time or service level leaves most of the relaxation as it was. The model keeps the
last optimal basis and starts from it whenever the core has kept its shape; the answer is the same as
from a cold start, with a bound of its own.
"""

from dataclasses import replace
from typing import Any

from optimization.errors import InvalidNetworkError
from optimization.plan import Placement
from optimization.report import SolveLimits
from optimization.safety_stock.minimise import WarmStart
from optimization.safety_stock.place import place_from
from optimization.safety_stock.problem import GsmProblem


class WarmModel:
    """
    A problem that is asked about again and again.

    Parameters
    ----------
    problem
        The network to start from.
    limits
        Work limits of every answer.
    """

    def __init__(self, problem: GsmProblem, limits: SolveLimits) -> None:
        self.problem = problem
        self._limits = limits
        self._start = WarmStart()
        self.placement = place_from(problem, limits, self._start)

    def ask(self, changes: dict[str, dict[str, Any]]) -> Placement:
        """The placement if the named fields of the named stages were different; the model stays as it is."""
        return place_from(self._changed(changes), self._limits, self._start)

    def change(self, changes: dict[str, dict[str, Any]]) -> Placement:
        """The placement with the changes, which hold from now on."""
        self.problem = self._changed(changes)
        self.placement = place_from(self.problem, self._limits, self._start)
        return self.placement

    def _changed(self, changes: dict[str, dict[str, Any]]) -> GsmProblem:
        known = {stage.name for stage in self.problem.stages}
        for name in changes:
            if name not in known:
                raise InvalidNetworkError(
                    "changes", f"`{name}` is not a stage", "name a stage of the problem"
                )
        stages = tuple(
            replace(stage, **changes[stage.name]) if stage.name in changes else stage
            for stage in self.problem.stages
        )
        return replace(self.problem, stages=stages)
