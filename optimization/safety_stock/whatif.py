"""
What if: change a few stages of a network and have the proven answer again.

A change of cost, time or service level leaves most of the work as it was. The model keeps the network's
layout while times and arcs stay, the messages of the reduction that nothing changed, the relaxation with
other costs, and its last optimal basis. The answer costs the same as from a cold start, with a bound of
its own.
"""

from dataclasses import replace
from typing import Any

from optimization.collection import uncollected
from optimization.errors import InvalidNetworkError
from optimization.plan import Placement
from optimization.report import SolveLimits
from optimization.safety_stock.layout import Layout, lay_out, lay_out_again
from optimization.safety_stock.minimise import WarmStart
from optimization.safety_stock.place import place_from
from optimization.safety_stock.problem import GsmProblem, GsmStage


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
        self._layout = lay_out(problem)
        self.placement = place_from(problem, limits, self._start, self._layout)

    @uncollected()
    def ask(self, changes: dict[str, dict[str, Any]]) -> Placement:
        """The placement if the named fields of the named stages were different; the model stays as it is."""
        problem, base = self._changed(changes), self._start.reduced
        placement = place_from(problem, self._limits, self._start, self._laid_out(problem))
        self._start.reduced = base  # the next question differs from the model, not from this one
        return placement

    @uncollected()
    def change(self, changes: dict[str, dict[str, Any]]) -> Placement:
        """The placement with the changes, which hold from now on."""
        problem = self._changed(changes)
        self._layout = self._laid_out(problem)
        self.problem, self.placement = problem, place_from(problem, self._limits, self._start, self._layout)
        return self.placement

    def _laid_out(self, problem: GsmProblem) -> Layout:
        """The layout that is there, with other times where a stage has them."""
        pairs = [
            (new, old) for new, old in zip(problem.stages, self.problem.stages, strict=True) if new is not old
        ]
        if not all(_has_arcs_alike(new, old) for new, old in pairs):
            return lay_out(problem)
        is_kept = all(_takes_as_long(new, old) for new, old in pairs)
        return self._layout if is_kept else lay_out_again(self._layout, problem)

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


def _has_arcs_alike(new: GsmStage, old: GsmStage) -> bool:
    """Whether a layout cannot tell the two apart but for their times."""
    return new.name == old.name and (new.demand is None) == (old.demand is None)


def _takes_as_long(new: GsmStage, old: GsmStage) -> bool:
    return (
        new.processing_time == old.processing_time
        and new.review_period == old.review_period
        and new.external_service_time == old.external_service_time
        and new.max_service_time == old.max_service_time
    )
