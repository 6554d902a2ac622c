"""Safety stock in multi-echelon networks: the guaranteed-service model, solved to a proof."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from optimization.safety_stock.explain import StageExplanation, explain_stage
    from optimization.safety_stock.frontier import (
        FrontierPoint,
        draw_frontier,
        efficient_frontier,
        parameters_of,
        point_reaching,
        point_within_budget,
    )
    from optimization.safety_stock.place import STORAGE_GAP, place_safety_stock
    from optimization.safety_stock.problem import ExternalDemand, GsmArc, GsmProblem, GsmStage, StorageLimit
    from optimization.safety_stock.risk import RiskSmoothing, RiskState, smooth_risk
    from optimization.safety_stock.snapshot import problem_from_snapshot
    from optimization.safety_stock.whatif import WarmModel
    from optimization.safety_stock.willems import read_willems
else:  # as of `optimization.replenishment`
    __getattr__, __dir__, _ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "explain": ["StageExplanation", "explain_stage"],
            "frontier": [
                "FrontierPoint",
                "draw_frontier",
                "efficient_frontier",
                "parameters_of",
                "point_reaching",
                "point_within_budget",
            ],
            "place": ["STORAGE_GAP", "place_safety_stock"],
            "problem": ["ExternalDemand", "GsmArc", "GsmProblem", "GsmStage", "StorageLimit"],
            "risk": ["RiskSmoothing", "RiskState", "smooth_risk"],
            "snapshot": ["problem_from_snapshot"],
            "whatif": ["WarmModel"],
            "willems": ["read_willems"],
        },
    )

__all__ = [
    "STORAGE_GAP",
    "ExternalDemand",
    "FrontierPoint",
    "GsmArc",
    "GsmProblem",
    "GsmStage",
    "RiskSmoothing",
    "RiskState",
    "StageExplanation",
    "StorageLimit",
    "WarmModel",
    "draw_frontier",
    "efficient_frontier",
    "explain_stage",
    "parameters_of",
    "place_safety_stock",
    "point_reaching",
    "point_within_budget",
    "problem_from_snapshot",
    "read_willems",
    "smooth_risk",
]
