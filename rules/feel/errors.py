"""What the expression language refuses, with the place in the text."""

from rules.errors import RulesError


class FeelError(RulesError):
    """
    An expression that cannot be read, or that has no meaning for these facts.

    Parameters
    ----------
    message
        The problem and the fix, lower case.
    offset
        Characters before the offending part.
    length
        Characters of the offending part; at least 1 except at the end of the text.
    """

    def __init__(self, message: str, offset: int = 0, length: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.length = length


class MissingNameError(FeelError):
    """
    The expression reads a name that the scope does not hold.

    Parameters
    ----------
    name
        As written in the expression, for example ``order.value``.
    """

    def __init__(self, name: str, offset: int = 0) -> None:
        super().__init__(f"`{name}` has no value here; give it, or correct the name", offset, len(name))
        self.name = name


class EffortError(FeelError):
    """Evaluation passed its work limit: too many iterations or too deep a recursion."""
