"""What `serve` does before it takes calls."""

import gc

import pytest

from decision_service.cli.serve import settle


@pytest.fixture
def collector():
    """The collector of cycles as it was, afterwards."""
    before = gc.get_threshold()
    yield gc
    gc.unfreeze()
    gc.set_threshold(*before)


def test_calls_under_way_do_not_set_off_the_collector(collector):
    """
    What is there stays out of its sight, thirty calls of a hundred objects each start nothing, and garbage still goes.
    """
    settle()
    frozen, before = gc.get_freeze_count(), gc.get_stats()[0]["collections"]
    under_way = [[[] for _ in range(100)] for _ in range(32)]
    assert before == gc.get_stats()[0]["collections"]
    assert frozen > len(under_way)

    for _ in range(30_000):
        circle = []
        circle.append(circle)
    assert before < gc.get_stats()[0]["collections"]
