"""
The vocabulary of rules: which facts exist, of what type, in which unit, within which range.

The service declares the schema and versions it; a ruleset compiles against it, so that a typing
error in a policy file is found when it is published and never when it decides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from rules.errors import FactValueError, MissingFactError
from rules.feel import FeelType, Value, YearMonthDuration
from rules.feel.values import NUMBERS

MAX_TEXT = 10_000  # characters in one text fact
MAX_DIGITS = 34  # decimal128, the numbers of DMN
MAX_EXPONENT = 6144
_PLAIN_EXPONENT = 100  # within it, rounding to 34 digits can neither overflow nor underflow


FactType: TypeAlias = FeelType  # rules and expressions share one set of types

# Types that a fact or an output can have; tables order their rows by the ordered ones.
CLASSES: Mapping[FactType, type] = {
    FactType.TEXT: str,
    FactType.NUMBER: Decimal,
    FactType.BOOLEAN: bool,
    FactType.DATE: date,
    FactType.DATE_TIME: datetime,
    FactType.TIME: time,
    FactType.DAYS_DURATION: timedelta,
    FactType.MONTHS_DURATION: YearMonthDuration,
}


@dataclass(frozen=True, slots=True)
class FactField:
    """
    One fact that rules may read.

    Parameters
    ----------
    name
        Dotted path, for example ``order.value``.
    unit
        Unit of a number, for people: ``EUR``, ``days``, ``1`` for a share.
    low, high
        Closed range of a number, None = open; static analysis looks for gaps inside it only.
    values
        The closed set of a text; empty = any text.
    is_optional
        Whether None may be given, and then means known to be absent (a production order has no
        supplier). A fact that is not given at all stays an error.

    Attributes
    ----------
    fits
        A quick test that a value passes which is fine as it is; `check` looks closely at any other.
    """

    name: str
    type: FactType
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    values: tuple[str, ...] = ()
    description: str = ""
    is_optional: bool = False
    fits: Callable[[Any], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the quick test."""
        object.__setattr__(self, "fits", _quick_test(self))

    def read(self, facts: Mapping[str, Value]) -> Value:
        """
        The checked value of this fact.

        Raises
        ------
        MissingFactError, FactValueError
            When it is absent, of another type, out of range or not among the declared values.
        """
        try:
            value = facts[self.name]
        except KeyError:
            fix = f"give a {self.type}" + (" or null" if self.is_optional else "")
            raise MissingFactError(self.name, "missing", fix) from None
        return value if self.fits(value) else self.check(value)

    def check(self, value: Value) -> Value:
        """The value as rules see it; whole numbers become decimals."""
        if value is None:
            self._check_absent()
            return None
        if type(value) is int and self.type is FactType.NUMBER:
            value = Decimal(value)
        if type(value) is not CLASSES[self.type]:
            problem = f"a {type(value).__name__} where the schema says {self.type}"
            raise FactValueError(self.name, problem, f"give a {self.type}{_hint(value)}")
        if isinstance(value, Decimal):
            self._check_number(value)
        elif isinstance(value, str):
            self._check_text(value)
        return value

    def _check_absent(self) -> None:
        if not self.is_optional:
            raise FactValueError(self.name, "null", f"give a {self.type}")

    def _check_number(self, value: Decimal) -> None:
        if not value.is_finite():
            raise FactValueError(self.name, f"`{value}` is not a number", "give a finite number")
        if abs(value.adjusted()) >= MAX_EXPONENT - MAX_DIGITS or NUMBERS.plus(value) != value:
            raise FactValueError(self.name, f"more than {MAX_DIGITS} digits", "round it")
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise FactValueError(self.name, f"`{value}` is out of range", f"give {self.range_text}")

    def _check_text(self, value: str) -> None:
        if len(value) > MAX_TEXT:
            raise FactValueError(self.name, f"{len(value):,} characters", f"give at most {MAX_TEXT:,}")
        if self.values and value not in self.values:
            fix = f"give one of {', '.join(self.values)}"
            raise FactValueError(self.name, f"`{value[:80]}` is not a declared value", fix)

    @property
    def range_text(self) -> str:
        """The range in words, for messages."""
        if self.low is None:
            return f"at most {self.high}" if self.high is not None else "any number"
        return f"{self.low} to {self.high}" if self.high is not None else f"at least {self.low}"


def _quick_test(declared: FactField) -> Callable[[Any], bool]:
    """Whether a value is fine as it is; anything else is looked at closely by `FactField.check`."""
    wanted, low, high = CLASSES.get(declared.type), declared.low, declared.high
    if wanted is Decimal:
        return lambda value: (
            type(value) is Decimal
            and value.is_finite()
            and (low is None or low <= value)
            and (high is None or value <= high)
            and -_PLAIN_EXPONENT <= value.adjusted() <= _PLAIN_EXPONENT
            and NUMBERS.plus(value) == value
        )
    if wanted is str:
        if declared.values:
            values = frozenset(declared.values)
            return lambda value: type(value) is str and value in values
        return lambda value: type(value) is str and len(value) <= MAX_TEXT
    return lambda value: type(value) is wanted


def _hint(value: object) -> str:
    if isinstance(value, float):
        return ", for example Decimal(repr(value))"
    return ""


@dataclass(frozen=True, slots=True)
class FactSchema:
    """
    Every fact the service provides.

    Parameters
    ----------
    version
        Changes when a fact is added, removed or changes meaning; recorded with every ruleset.
    kinds
        The kinds of fact that `joins` match, each with its fields. A schema without kinds serves
        tables only: `joins` of the policy files then stay uncompiled.
    """

    version: str
    fields: tuple[FactField, ...]
    kinds: "Mapping[str, FactSchema]" = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a fact that is declared twice."""
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise FactValueError(twice[0], "declared twice in the schema", "remove one of them")

    def field(self, name: str) -> FactField | None:
        """The declaration of a fact, None when there is none."""
        return next((field for field in self.fields if field.name == name), None)

    @property
    def names(self) -> frozenset[str]:
        """Names of all declared facts."""
        return frozenset(field.name for field in self.fields)
