"""Safety stock in multi-echelon networks: the guaranteed-service model, solved to a proof."""

from optimization.safety_stock.place import place_safety_stock
from optimization.safety_stock.problem import ExternalDemand, GsmArc, GsmProblem, GsmStage, StorageLimit
from optimization.safety_stock.snapshot import problem_from_snapshot
from optimization.safety_stock.willems import read_willems

__all__ = [
    "ExternalDemand",
    "GsmArc",
    "GsmProblem",
    "GsmStage",
    "StorageLimit",
    "place_safety_stock",
    "problem_from_snapshot",
    "read_willems",
]
