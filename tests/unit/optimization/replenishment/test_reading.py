"""What the readers make of a snapshot: demand that holds, deviations that hold."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from optimization.errors import InvalidNetworkError
from optimization.network import Demand, Item, Lane, LaneKind, Location, Snapshot, Stage, Supplier
from optimization.parameters import PlanningParameters
from optimization.replenishment.demand import expected_demand
from optimization.safety_stock import problem_from_snapshot
from optimization.validate import validate_snapshot

SNAPSHOT = Snapshot(
    date(2026, 11, 30),
    horizon=4,
    items=(Item("a", value=5.0),),
    locations=(Location("W"),),
    suppliers=(Supplier("s"),),
    stages=(Stage("x", "a", "W", added_cost=5.0),),
    lanes=(Lane("buy", LaneKind.PURCHASE, "x", supplier="s", lead_time=7.0),),
)


def wanting(**differences):
    return replace(SNAPSHOT, demands=(Demand("x", **differences),))


def test_the_last_mean_holds():
    """
    Fewer values than buckets: the last one is repeated.
    """
    assert [3.0, 5.0, 5.0, 5.0] == expected_demand(Demand("x", mean=(3.0, 5.0)), 4).tolist()


def test_the_last_deviation_holds():
    """
    One deviation for four buckets is that deviation in each, in validation and in safety stock.
    """
    short, long = wanting(mean=(9.0,) * 4, std=(2.0, 3.0)), wanting(mean=(9.0,) * 4, std=(2.0, 3.0, 3.0, 3.0))

    assert () == validate_snapshot(short)
    one, _ = problem_from_snapshot(short, PlanningParameters())
    other, _ = problem_from_snapshot(long, PlanningParameters())
    assert one == other


def test_more_deviations_than_means_are_refused():
    """
    A deviation of nothing is a mistake, named with its field.
    """
    with pytest.raises(InvalidNetworkError, match=r"demands\[0\]\.std"):
        validate_snapshot(wanting(mean=(9.0,), std=(2.0, 3.0)))


def test_quantiles_and_history_have_an_expectation():
    """
    Straight lines between quantiles; the latest quarter of history.
    """
    from optimization.network import Quantile

    quantiles = (Quantile(0.25, (2.0,)), Quantile(0.75, (6.0,)))
    history = (100.0, *(4.0,) * 13)

    assert 4.0 == pytest.approx(expected_demand(Demand("x", quantiles=quantiles), 1)[0])
    assert np.array_equal([4.0, 4.0], expected_demand(Demand("x", history=history), 2))
