"""The built-in functions by name."""

from collections.abc import Mapping

from rules.feel.builtins.conversions import CONVERSIONS
from rules.feel.builtins.lists import LISTS
from rules.feel.builtins.numbers import NUMERIC
from rules.feel.builtins.signature import Builtin
from rules.feel.builtins.texts import TEXTUAL

BUILTINS: Mapping[str, Builtin] = {**CONVERSIONS, **NUMERIC, **TEXTUAL, **LISTS}
PARAMETER_NAMES = tuple(
    sorted({parameter.name for builtin in BUILTINS.values() for parameter in builtin.parameters})
)

__all__ = ["BUILTINS", "PARAMETER_NAMES", "Builtin"]
