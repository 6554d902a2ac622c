"""`guard.yaml`: read, or refused with every field that is wrong and the fix."""

import pytest

from decision_service.errors import InvalidRequestError
from decision_service.usecases.release_guard import GuardParameters, Indicator, Watched, Worse, read_guard

GOOD = {"guard": "g", "indicators": {"order_value": {"worse": "ANY", "hard_limit": 1000}, "fallback": {}}}


def test_what_is_not_said_has_its_default():
    """
    Named indicators are watched, all others are not.
    """
    indicators = {Indicator.ORDER_VALUE: Watched(Worse.ANY, 1000.0), Indicator.FALLBACK: Watched()}

    assert GuardParameters("g", indicators=indicators) == read_guard(GOOD, "guard.yaml")
    assert 3 == read_guard(GOOD, "guard.yaml").tests


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"alpha": 0}, "alpha: 0.0; give"),
        ({"alpha": "x"}, "alpha"),
        ({"alhpa": 0.01}, "did you mean `alpha`?"),
        ({"indicators": {}}, "nothing is watched"),
        ({"indicators": {"order_vlaue": {}}}, "order_vlaue"),
        ({"indicators": {"order_value": {"hard_limt": 1}}}, "did you mean `hard_limit`?"),
        ({"indicators": {"fallback": {"hard_limit": 1}}}, "a share above 0 and below 1"),
        ({"indicators": {"latency": {"hard_limit": float("nan")}}}, "a number above 0"),
        ({"period_hours": float("nan")}, "period_hours"),
        ({"most_periods": 1}, "most_periods"),
        ({"guard": None}, "guard"),
    ],
)
def test_bad_files_are_refused(wrong, said):
    """
    Out of range, misspelt, empty, of another type.
    """
    with pytest.raises(InvalidRequestError) as refused:
        read_guard(GOOD | wrong, "guard.yaml")

    assert said in str([v.problem if hasattr(v, "problem") else v for v in refused.value.violations])


@pytest.mark.parametrize("raw", [None, [], "guard", 3, {"guard": "g", "indicators": []}])
def test_what_is_no_guard_is_refused(raw):
    """
    Any other YAML.
    """
    with pytest.raises(InvalidRequestError):
        read_guard(raw, "guard.yaml")
