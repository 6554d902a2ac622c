"""Small models of our own, one a feature of the TCK's level 2, in the TCK's test format."""

import importlib.util
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "dmn"
RUNNER = Path(__file__).parents[1] / "benchmarks" / "run_tck.py"


def load_runner():
    spec = importlib.util.spec_from_file_location("run_tck", RUNNER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("directory", sorted(path.name for path in FOLDER.iterdir()))
def test_the_model_gives_what_its_cases_expect(directory):
    """
    Every outcome that the test file of the model states is the outcome.
    """
    results = load_runner().run_folder(FOLDER / directory)

    assert results
    assert [()] * len(results) == [result.differences for result in results]
