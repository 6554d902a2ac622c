"""Lot sizing with set-up times as published instances pose it: readers, models, bounds."""

from optimization.lot_sizing.model import Formulation
from optimization.lot_sizing.multilsb import read_multilsb
from optimization.lot_sizing.plan import LotSizingPlan, Overtime, plan_lot_sizes, root_bound
from optimization.lot_sizing.problem import BillOfMaterial, Family, LotItem, LotSizingProblem, Machine
from optimization.lot_sizing.trigeiro import read_trigeiro

__all__ = [
    "BillOfMaterial",
    "Family",
    "Formulation",
    "LotItem",
    "LotSizingPlan",
    "LotSizingProblem",
    "Machine",
    "Overtime",
    "plan_lot_sizes",
    "read_multilsb",
    "read_trigeiro",
    "root_bound",
]
