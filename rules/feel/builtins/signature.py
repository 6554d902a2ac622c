"""How a built-in function takes its arguments: types, optional ones, lists spread or given."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from rules.feel.values import FeelType, Value, type_of

_WIDEST_INTEGER = 15
Body: TypeAlias = Callable[..., Value]


@dataclass(frozen=True, slots=True)
class Parameter:
    """
    One parameter of a built-in.

    Parameters
    ----------
    optional
        May be left out; the body then has a default.
    """

    name: str
    type: FeelType
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Builtin:
    """
    A built-in function of DMN 1.3, 10.3.4. Arguments that do not conform make the result null.

    Parameters
    ----------
    spread
        A call with other than one list takes all its arguments as the list: `min(1, 2, 3)`.
    """

    parameters: tuple[Parameter, ...]
    body: Body
    spread: bool = False

    def accepts(self, count: int) -> bool:
        """Whether so many arguments can be meant."""
        required = sum(not parameter.optional for parameter in self.parameters)
        return count >= 1 if self.spread else required <= count <= len(self.parameters)

    def place(self, names: tuple[str, ...]) -> tuple[int, ...] | None:
        """Where named arguments go; None when a name is unknown, twice, or a required one missing."""
        known = [parameter.name for parameter in self.parameters]
        required = {parameter.name for parameter in self.parameters if not parameter.optional}
        if len(set(names)) < len(names) or not required <= set(names) <= set(known):
            return None
        return tuple(known.index(name) for name in names)

    def call(self, arguments: tuple[Value, ...]) -> Value:
        """Apply to arguments by place; an optional one that is missing is left to the body."""
        if self.spread and (len(arguments) != 1 or type_of(arguments[0]) is not FeelType.LIST):
            return self.body(arguments)
        taken: list[Any] = []
        for parameter, value in zip(self.parameters, arguments, strict=False):
            if type_of(value) is parameter.type or (value is None and parameter.optional):
                taken.append(value)
                continue
            fits, coerced = conform(value, parameter.type)
            if not fits:
                return None
            taken.append(coerced)
        return self.body(*taken)


def conform(value: Value, kind: FeelType) -> tuple[bool, Value]:
    """The value as the type, by the implicit conversions of 10.3.2.9.4: to and from one-element lists."""
    if kind is FeelType.ANY:
        return True, value
    found = type_of(value)
    if found is kind:
        return True, value
    if kind is FeelType.LIST:
        return value is not None, (value,)
    if isinstance(value, tuple) and len(value) == 1:
        return conform(value[0], kind)
    return False, None


def required(name: str, kind: FeelType) -> Parameter:
    """A parameter that every call gives."""
    return Parameter(name, kind)


def optional(name: str, kind: FeelType) -> Parameter:
    """A parameter that a call may leave out."""
    return Parameter(name, kind, optional=True)


def integer(value: Decimal) -> int | None:
    """A whole number of ordinary size; None for a fraction or what no list or text could hold."""
    if value.adjusted() > _WIDEST_INTEGER or value != value.to_integral_value():
        return None
    return int(value)
