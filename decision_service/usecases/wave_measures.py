"""What the gates of waves can ask for; `waves.gate` says how each is measured."""

from enum import StrEnum

from decision_service.errors import FieldViolation, InvalidRequestError
from rules import Charter


class Measure(StrEnum):
    """What is held against a limit."""

    DAYS = "days"
    ANSWERED = "answered"
    ACCEPTANCE = "acceptance"
    OVERRIDE_RATE = "override_rate"
    ORDER_VALUE = "order_value"
    STOCKOUT_DAYS = "stockout_days"
    INFEASIBLE = "infeasible"
    FALLBACK = "fallback"
    LATENCY = "latency"


OF_PEOPLE = frozenset({Measure.ANSWERED, Measure.ACCEPTANCE, Measure.OVERRIDE_RATE})
_SHARES = frozenset({Measure.ACCEPTANCE, Measure.OVERRIDE_RATE, Measure.INFEASIBLE, Measure.FALLBACK})


def check_waves(charter: Charter) -> None:
    """
    Refuse gates on what is not measured, or that no share could pass.

    Raises
    ------
    InvalidRequestError
        Every such limit.
    """
    wrong = []
    for wave in charter.waves:
        for measure, limit in (*wave.at_least.items(), *wave.at_most.items()):
            if measure not in set(Measure):
                wrong.append(
                    f"wave `{wave.name}`: nothing measures `{measure}`; known are {', '.join(Measure)}"
                )
            elif measure in _SHARES and limit > 1:
                wrong.append(f"wave `{wave.name}`: {measure} is a share, `{limit:g}` is not between 0 and 1")
    if wrong:
        raise InvalidRequestError(
            tuple(FieldViolation("files[charter.yaml]", text) for text in wrong), "POLICY_INVALID"
        )
