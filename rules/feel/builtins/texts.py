"""
String functions: DMN 1.3, 10.3.4.3.

Without `matches`, `replace` and `split`: they take regular expressions, and a regular expression is
a program whose run time nobody reviews.
"""

from collections.abc import Mapping
from decimal import Decimal

from rules.feel.builtins.signature import Builtin, integer, optional, required
from rules.feel.operators import bounded_text
from rules.feel.values import FeelType, Value

_TEXT = required("string", FeelType.TEXT)
_MATCH = required("match", FeelType.TEXT)


def _substring(text: str, start: Decimal, length: Decimal | None = None) -> Value:
    """Places count from 1, or from the end when negative."""
    first = integer(start)
    count = None if length is None else integer(length)
    if not first or abs(first) > len(text) or (length is not None and (count is None or count < 1)):
        return None
    begin = first - 1 if first > 0 else len(text) + first
    return text[begin:] if count is None else text[begin : begin + count]


def _substring_before(text: str, match: str) -> Value:
    before, found, _ = text.partition(match) if match else ("", "", "")
    return before if found else ""


def _substring_after(text: str, match: str) -> Value:
    if not match:
        return text
    _, found, after = text.partition(match)
    return after if found else ""


def _join(items: tuple[Value, ...], delimiter: str | None = None) -> Value:
    """Nulls are skipped; anything else that is no text makes the result null."""
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) + items.count(None) != len(items):
        return None
    return bounded_text((delimiter or "").join(texts))


TEXTUAL: Mapping[str, Builtin] = {
    "substring": Builtin(
        (_TEXT, required("start position", FeelType.NUMBER), optional("length", FeelType.NUMBER)), _substring
    ),
    "string length": Builtin((_TEXT,), lambda text: Decimal(len(text))),
    "upper case": Builtin((_TEXT,), str.upper),
    "lower case": Builtin((_TEXT,), str.lower),
    "substring before": Builtin((_TEXT, _MATCH), _substring_before),
    "substring after": Builtin((_TEXT, _MATCH), _substring_after),
    "contains": Builtin((_TEXT, _MATCH), lambda text, match: match in text),
    "starts with": Builtin((_TEXT, _MATCH), str.startswith),
    "ends with": Builtin((_TEXT, _MATCH), str.endswith),
    "string join": Builtin((required("list", FeelType.LIST), optional("delimiter", FeelType.TEXT)), _join),
}
