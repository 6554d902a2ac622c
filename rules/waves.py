"""The order in which business units receive a release: waves, and what must hold before each opens."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wave:
    """
    Business units that receive a release together.

    Parameters
    ----------
    at_least, at_most
        Limits by measure, over all waves before this one: its gate. What is measured is the
        service's to know; empty for the first wave, before which there is nothing to look at.
    """

    name: str
    business_units: tuple[str, ...]
    at_least: Mapping[str, float]
    at_most: Mapping[str, float]
