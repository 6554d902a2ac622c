"""The engine behind the guard and our matcher, short form of `soak_joins.py`."""

import importlib.util
import sys
from pathlib import Path

import pytest

from rules.join_worker import JoinWorker

FILE = Path(__file__).parents[2] / "benchmarks" / "soak_joins.py"


@pytest.fixture(scope="module")
def soak():
    spec = importlib.util.spec_from_file_location("soak_joins", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak_joins"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def worker():
    with JoinWorker() as worker:
        yield worker


def test_random_rules_on_random_facts_agree(soak, worker):
    """
    4,000 decisions of 200 random rulesets: no mismatch, nothing refused, and something fired.
    """
    tally = soak.soak(worker, 4_000, 20, seed=424_242)

    assert (0, 0, 0) == (tally.mismatches, tally.refused, tally.replacements)
    assert tally.firings > 4_000


def test_a_changed_sign_is_caught(soak, worker):
    """
    Every decision in which `<` and `<=` differ is a disagreement: the comparison can fail.
    """
    differing, caught = soak.broken_control(worker, 1_500, seed=7)

    assert differing > 10
    assert differing == caught
