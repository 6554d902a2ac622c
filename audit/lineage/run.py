"""The run that made the root of a lineage, in OpenLineage's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Run:
    """
    The run that made the root of a lineage.

    Parameters
    ----------
    id
        UUID.
    namespace, job
        OpenLineage's names of where and what was run.
    at
        When it was complete.
    engine, version
        What ran.
    parent
        Run id, namespace and job of the caller's run; empty if it named none.
    facts
        More about the run, as text: solver, seed, limits, trace id.
    """

    id: str
    namespace: str
    job: str
    at: datetime
    engine: str
    version: str
    parent: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
