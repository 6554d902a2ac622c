"""The executor seam: the same plan from one process, several, a cluster, and after a killed worker."""

import importlib
import os
import signal
import sys
import threading
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import pytest

from decision_service.workers.helpers import helpers
from optimization.decomposition import Instance, LocalPool, blocks, plan_item_locations
from optimization.decomposition.blocks import split
from optimization.decomposition.crew import Crew
from optimization.errors import InvalidNetworkError
from optimization.parameters import PlanningParameters
from optimization.replenishment import plan_replenishment
from optimization.report import SolveLimits

LIMITS = SolveLimits(iterations=6)


def of_the_benches(name):
    """A module beside the benches, which import each other by name."""
    folder = str(Path(__file__).parents[1] / "benchmarks")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


order_instances, order_snapshots = of_the_benches("order_instances"), of_the_benches("order_snapshots")


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


@pytest.fixture
def small_parts(monkeypatch):
    """Item-locations from an ERP's tables, few, and dealt out in parts of a hundred."""
    monkeypatch.setattr(blocks, "_PART_ITEMS", 100)
    return order_snapshots.item_location_snapshot(320, horizon=6)


def planned(known, executor=None):
    """By prices."""
    limits = SolveLimits(gap=1e-2, priced_stages=300)
    return plan_replenishment(known, {}, PlanningParameters(), limits, executor=executor)


def test_orders_of_two_threads_are_those_of_one(small_parts):
    """
    The executor changes where item-locations are planned, nothing else.
    """
    with helpers() as executor:
        assert planned(small_parts) == planned(small_parts, executor)


@pytest.mark.slow
def test_orders_of_a_cluster_are_those_of_one_process_also_when_a_worker_dies(small_parts):
    """
    A worker killed while it helps costs a retry; a scheduler that is not there costs time.
    """
    distributed = pytest.importorskip("distributed")
    alone = planned(small_parts)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        helpers(cluster.scheduler_address) as executor,
    ):
        executor.submit(int, 0).result()
        victim = next(iter(cluster.workers.values())).pid
        threading.Timer(0.3, os.kill, (victim, signal.SIGKILL)).start()

        assert alone == planned(small_parts, executor)
        assert alone == planned(small_parts, executor)
    with helpers("tcp://127.0.0.1:1") as nobody:
        assert alone == planned(small_parts, nobody)


def test_workers_that_are_busy_elsewhere_are_not_waited_for():
    """
    What no worker has begun is done by the caller.
    """
    assert ["a0", "b1", "c2", "d3"] == Crew("abcd", Never()).each(joined, [(n,) for n in range(4)])


class Never(Executor):
    """An executor whose workers never come to it."""

    def submit(self, function, /, *args, **kwargs):
        return Future()


def joined(part, number):
    """Both."""
    return f"{part}{number}"


def test_a_killed_worker_costs_a_retry(tmp_path, pool):
    """
    The worker that computes part 0 kills itself once; the answers are complete and in order.
    """
    crew, marker, caller = Crew(("a", "b", "c"), pool), tmp_path / "died", os.getpid()
    pool.submit(int, 0).result()

    assert ["a0", "b1", "c2"] == crew.each(die_once, [(marker, caller, number) for number in range(3)])
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


def die_once(part, marker, caller, number):
    """Kill the process that helps with part 0, unless it was done before; the caller takes its time."""
    if os.getpid() == caller:
        time.sleep(0.5)
    elif number == 0 and not marker.exists():
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
