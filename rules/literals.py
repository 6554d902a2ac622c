"""Values written plainly in a policy file: outcomes, and the facts of a test."""

from rules.feel import FeelError, Value, parse_expression
from rules.schema import CLASSES, FactType
from rules.yaml_reader import Scalar

_CONSTRUCTORS = {
    FactType.DATE: "date",
    FactType.TIME: "time",
    FactType.DATE_TIME: "date and time",
    FactType.DAYS_DURATION: "duration",
    FactType.MONTHS_DURATION: "duration",
}
_EXAMPLES = {
    FactType.TEXT: "a word",
    FactType.NUMBER: "a number like 0.95",
    FactType.BOOLEAN: "true or false",
    FactType.DATE: "a day like 2026-12-01",
    FactType.TIME: 'a time like "09:30:00"',
    FactType.DATE_TIME: "a moment like 2026-12-01T09:30:00",
    FactType.DAYS_DURATION: "a duration like P3D or PT8H",
    FactType.MONTHS_DURATION: "a duration like P1Y or P6M",
}


class LiteralError(Exception):
    """The text is no value of the type; the message says what would be."""


def read_literal(scalar: Scalar, kind: FactType) -> Value:
    """The value of a type, from its plain spelling in a policy file."""
    if scalar.value is None:
        return None
    if kind is FactType.TEXT:
        return scalar.text
    if kind in _CONSTRUCTORS and isinstance(scalar.value, str):
        return read_value(scalar.text, kind)
    if type(scalar.value) is not CLASSES[kind]:
        raise LiteralError(f"write {_EXAMPLES[kind]}")
    return scalar.value


def read_value(text: str, kind: FactType) -> Value:
    """The day, time or duration that a text spells."""
    value = _construct(_CONSTRUCTORS[kind], text)
    if type(value) is not CLASSES[kind]:
        raise LiteralError(f"write {_EXAMPLES[kind]}")
    return value


def _construct(constructor: str, text: str) -> Value:
    if not text.isascii() or not set(text).isdisjoint('"\\'):
        return None
    try:
        return parse_expression(f'{constructor}("{text}")').evaluate({})
    except FeelError:
        return None
