"""The executor seam: the same plan from one process, several, a cluster, and after a killed worker."""

import importlib.util
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from optimization.decomposition import Instance, LocalPool, plan_item_locations
from optimization.decomposition.blocks import split
from optimization.decomposition.crew import Crew
from optimization.errors import InvalidNetworkError
from optimization.report import SolveLimits

LIMITS = SolveLimits(iterations=6)


_FILE = Path(__file__).parents[1] / "benchmarks" / "order_instances.py"
_SPEC = importlib.util.spec_from_file_location("order_instances", _FILE)
order_instances = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(order_instances)


def instance(count=8_000):
    """Enough items for two parts, short enough to plan in seconds."""
    return order_instances.item_locations(count, seed=1, periods=6)


@pytest.fixture(scope="module")
def alone():
    """The plan of one process."""
    return plan_item_locations(instance(), LIMITS)


@pytest.fixture(scope="module")
def pool():
    """Two processes."""
    with LocalPool(2) as running:
        yield running


def same(left, right):
    """Every bit of two plans."""
    return (
        np.array_equal(left.orders, right.orders)
        and left.objective == right.objective
        and left.bound == right.bound
        and np.array_equal(left.prices.supply, right.prices.supply)
    )


def test_two_processes_give_the_plan_of_one(alone, pool):
    """
    Bit for bit, bound and prices included.
    """
    assert len(split(instance()).parts()) == 2
    assert same(alone, plan_item_locations(instance(), LIMITS, pool))


def test_a_repeat_gives_the_same_plan(alone):
    """
    Nothing looks at a clock or draws without a seed.
    """
    assert same(alone, plan_item_locations(instance(), LIMITS))


def test_prices_of_an_earlier_plan_start_the_search(alone):
    """
    A re-plan from known prices proves a bound as good with far fewer passes.
    """
    again = plan_item_locations(instance(), LIMITS, warm=alone.prices)

    assert again.bound >= alone.bound * (1 - 1e-3)
    assert again.gap <= alone.gap + 1e-3


def test_demand_changes_start_warm(alone):
    """
    Prices of the plan before prove a bound for the demand after.
    """
    changed = instance()
    changed.items.net[:] -= np.arange(6) * 0.5
    again = plan_item_locations(changed, LIMITS, warm=alone.prices)

    assert again.gap <= 0.02


@pytest.mark.slow
def test_a_dask_cluster_gives_the_plan_of_one_process(alone):
    """
    `distributed`'s executor is an executor like any other.
    """
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor(pure=False)

        assert same(alone, plan_item_locations(instance(), LIMITS, executor))


def test_a_killed_worker_costs_a_retry(tmp_path, pool):
    """
    The worker that computes part 0 kills itself once; the answers are complete and in order.
    """
    crew = Crew(("a", "b", "c"), pool)

    assert ["a0", "b1", "c2"] == crew.each(
        die_once, [(tmp_path / "died", 0), (tmp_path / "died", 1), (tmp_path / "died", 2)]
    )
    assert (tmp_path / "died").exists()


def test_a_worker_that_always_dies_leaves_the_work_to_this_process(pool):
    """
    After a few attempts the caller's own process does it.
    """
    crew = Crew(("a",), pool)

    assert ["a"] == crew.each(die_elsewhere, [(os.getpid(),)])


def test_an_error_of_the_work_is_no_lost_worker(pool):
    """
    What a part raises comes through as it is.
    """
    with pytest.raises(ZeroDivisionError):
        Crew(("a",), pool).each(divide, [(0,)])


def test_bad_numbers_are_refused_by_name():
    """
    The field and the row are in the message.
    """
    whole = instance(10)
    broken = whole.items._replace(holding=np.where(np.arange(10) == 3, np.nan, whole.items.holding))

    with pytest.raises(InvalidNetworkError, match=r"items.holding\[3\]"):
        Instance(broken, whole.supply, whole.storage)


def die_once(part, marker, number):
    """Kill this process unless it was done before."""
    if number == 0 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return f"{part}{number}"


def die_elsewhere(part, caller):
    """Kill this process unless it is the caller's."""
    if os.getpid() != caller:
        os.kill(os.getpid(), signal.SIGKILL)
    return part


def divide(part, by):
    """Raise for 0."""
    return part / by if by else 1 / by
