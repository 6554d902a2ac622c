"""Planning parameters of a release: what planning does not know or cannot mean is refused by name."""

from pathlib import Path

import pytest

from decision_service.errors import InvalidRequestError
from decision_service.usecases.release_parameters import read_parameters
from optimization.parameters import PlanningParameters
from rules import read_yaml

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "replenishment" / "parameters.yaml"

WRONG = {
    "holding_rat: 0.25": "`holding_rat` is no parameter; did you mean `holding_rate`?",
    "service_level: {kind: CYCLE, target: 95}": "service_level.target: 95.0 is no share",
    "service_level: {kind: CYCLE, target: 0.95, targt: 1}": "`service_level.targt` is no parameter; did you mean `target`?",
    "order_limits: {node: 5}": "`order_limits.node` is no parameter; did you mean `nodes`?",
    "holding_rate: -0.1": "holding_rate: -0.1; give a number of at least 0",
    "frozen_buckets: -1": "frozen_buckets: -1; give a number of at least 0",
    "time_scale: 0": "time_scale: 0; give 1 or more",
    "conflict_rounds: 11": "conflict_rounds: 11; give 0 to 10",
    "rounding: [MINIMUM, MINIMUM]": "rounding: a step stands twice",
    "pooling: SOME": "Invalid enum value 'SOME'",
    "holding_rate: much": "Expected `float`",
    "- a": "Expected `object`",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_parameter_is_refused(text):
    """
    A misspelt name never keeps a default in silence.
    """
    with pytest.raises(InvalidRequestError) as refused:
        read_parameters(read_yaml(text, "parameters.yaml"), "parameters.yaml")

    assert WRONG[text] in str(refused.value)
    assert "files[parameters.yaml]" == refused.value.violations[0].field


def test_every_fault_is_named():
    """
    All of them, not the first one.
    """
    with pytest.raises(InvalidRequestError) as refused:
        read_parameters({"holding_rat": 1, "time_scale": 0, "order_limits": {"x": 1}}, "parameters.yaml")

    assert 3 == len(refused.value.violations)


def test_the_shipped_parameters_are_fine():
    """
    And an empty map means the defaults.
    """
    read = read_parameters(read_yaml(SHIPPED.read_text(), SHIPPED.name), SHIPPED.name)

    assert ("CYCLE", 0.95) == (read.service_level.kind, read.service_level.target)
    assert PlanningParameters() == read_parameters({}, "parameters.yaml")
