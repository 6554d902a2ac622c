"""The bound of linked parts against the model as it is written down, with everything a plan has to respect."""

import importlib.util
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimization.check import check_plan
from optimization.decomposition.network.stage_program import Multipliers
from optimization.network import (
    Demand,
    Item,
    Lane,
    LaneKind,
    Location,
    Resource,
    ResourceKind,
    ResourceUse,
    Snapshot,
    Stage,
    Supplier,
)
from optimization.parameters import PlanningParameters
from optimization.reference.replenishment import reference_cost
from optimization.replenishment import plan_replenishment, search
from optimization.replenishment.guided import relax
from optimization.replenishment.heuristic import construct
from optimization.replenishment.linked.bound import Bound, raise_bound
from optimization.replenishment.model import build_model
from optimization.replenishment.read import read_problem
from optimization.report import SolveLimits

_FILE = Path(__file__).parents[2] / "property" / "optimization" / "order_networks.py"
_SPEC = importlib.util.spec_from_file_location("order_networks", _FILE)
networks = sys.modules["order_networks"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(networks)


def somewhere(bound, rng):
    """Multipliers anywhere that proves something."""
    point = [
        x + rng.exponential(1.0, x.shape) * rng.choice([0.0, -1.0, 1.0, 5.0], x.shape) for x in bound.first()
    ]
    bound.clip(point)
    return Multipliers(*point)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks.cases(), st.integers(0, 2**16))
def test_any_multipliers_prove_a_bound(case, seed):
    """
    Lost sales, corridors, perishing, alternates, laterals, budgets, trucks, rooms, pooled minima: the
    value is at most the optimal cost of the model as written down.
    """
    problem, rng = read_problem(*case), np.random.default_rng(seed)
    bound = Bound(problem)
    optimum = reference_cost(problem) + 1e-6

    assert all(bound.look(somewhere(bound, rng))[0] <= optimum for _ in range(5))
    assert raise_bound(problem, 30).value <= optimum


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks.cases())
def test_linked_parts_are_planned_with_a_bound_that_holds(case):
    """
    Every linked part counted as large: the plan keeps every rule, is no dearer than the constructed
    one, and the optimum lies between its bound and its cost.
    """
    limits = SolveLimits(iterations=4, priced_stages=1)
    problem = read_problem(*case)

    plan = plan_replenishment(*case, limits)

    assert () == check_plan(*case, plan)
    assert plan.report.objective <= construct(problem).cost + 1e-6
    assert plan.report.bound - 1e-6 <= reference_cost(problem) <= plan.report.objective + 1e-6


def test_any_executor_gives_the_same_plan_and_bound():
    """
    Bit for bit: alone, on two threads, on a process of its own.
    """
    snapshot, limits = chain(), SolveLimits(iterations=3, priced_stages=1, slices=2)
    alone = plan_replenishment(snapshot, {}, PlanningParameters(), limits)

    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        for executor in (threads, process):
            other = plan_replenishment(snapshot, {}, PlanningParameters(), limits, executor=executor)

            assert alone == other


def test_a_long_chain_is_bounded_far_above_its_relaxation():
    """
    Prices on materials close most of the gap that the model without integrality leaves.
    """
    problem = read_problem(chain(), {}, PlanningParameters())
    matrix, _ = build_model(problem)
    relaxed = relax(matrix, SolveLimits(), "orders").bound
    plan = plan_replenishment(chain(), {}, PlanningParameters(), SolveLimits(priced_stages=1, slices=2))

    assert plan.report.objective - plan.report.bound < 0.5 * (plan.report.objective - relaxed)


def test_no_order_is_larger_than_capacity_lets_through():
    """
    A plant that makes 16 or nothing on a line for 6: prices alone, which let part of an order pass, prove 72 %.
    """
    line, (plant, *others) = Resource("line", ResourceKind.PRODUCTION, capacity=6.0), chain().lanes
    lanes = (replace(plant, uses=(ResourceUse("line", 1.0),)), *others)
    problem = read_problem(replace(chain(), lanes=lanes, resources=(line,)), {}, PlanningParameters())
    optimum = reference_cost(problem)

    assert 0.95 * optimum < raise_bound(problem, 300).value <= optimum + 1e-6


def test_a_linked_part_of_medium_size_is_left_to_prices(monkeypatch):
    """
    Later slices plan families anew; branch and bound, which no clock can end in time, is not begun.
    """
    monkeypatch.setattr(search, "_SMALL", 0)

    def begun(*_given):
        raise AssertionError("branch and bound")

    monkeypatch.setattr(search, "_branch", begun)
    limits, short = SolveLimits(gap=0.0, iterations=5, priced_stages=100), replace(chain(), horizon=6)
    once, twice = (
        plan_replenishment(short, {}, PlanningParameters(), replace(limits, slices=n)) for n in (1, 2)
    )

    assert (once.report.slices, twice.report.slices) == (1, 2)
    assert twice.report.objective <= once.report.objective
    assert once.report.bound > 0.0


def chain():
    """A plant, its centre and four stores, all ordering in lots at a fixed cost."""
    names = ["plant", "centre", "a", "b", "c", "d"]
    source = {"centre": "plant", "a": "centre", "b": "centre", "c": "centre", "d": "centre"}
    return Snapshot(
        date(2026, 11, 30),
        horizon=12,
        items=(Item("item", value=40.0),),
        locations=tuple(Location(name) for name in names),
        suppliers=(Supplier("v"),),
        stages=tuple(Stage(name, "item", name, added_cost=5.0, holding_rate=2.0, on_hand=9.0) for name in names),
        lanes=tuple(
            Lane(name, LaneKind.TRANSFER if name in source else LaneKind.PURCHASE, name, source=source.get(name, ""),
                 supplier="" if name in source else "v", lead_time=7.0, unit_cost=5.0, fixed_cost=30.0,
                 multiple=4.0 if len(name) == 1 else 16.0)
            for name in names
        ),
        demands=tuple(Demand(name, mean=tuple(2.0 + (t + k) % 5 for t in range(14))) for k, name in enumerate("abcd")),
    )  # fmt: skip
