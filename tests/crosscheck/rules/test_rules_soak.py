"""Short form of `soak_rules.py`: random tables answer as a look at every row does; damaged files are refused."""

import importlib.util
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "soak_rules.py"


@pytest.fixture(scope="module")
def soak():
    spec = importlib.util.spec_from_file_location("soak_rules", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak_rules"] = module
    path = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = path
    return module


def test_random_tables(soak):
    """
    60 clean tables without a false alarm, 1,200 answers, a fault in another table each: found.
    """
    tally = soak.Tally()
    soak.soak_tables(tally, 60, seed=50_000)

    assert (60, 1_200, 0) == (tally.tables, tally.answers, tally.problems)
    assert tally.faults > 40


def test_damaged_files(soak):
    """
    80 times random damage to the shipped policies: compiled or refused with a place, nothing else.
    """
    tally = soak.Tally()
    soak.soak_files(tally, 80, seed=70_000)

    assert (80, 0) == (tally.files, tally.problems)
    assert tally.refused > 40
