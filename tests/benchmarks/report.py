"""Rows of a benchmark: a table for people, `bench-results/NAME.json` for machines."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parents[2] / "bench-results"


@dataclass(frozen=True, slots=True)
class Row:
    """
    One measurement.

    Parameters
    ----------
    ours, peer
        The two figures, in the unit that `metric` names; None where there is none.
    ratio
        Ours against the peer, above 1 where ours is better.
    goal
        What was aimed at, in words.
    holds
        Whether it was reached; None where nothing was aimed at.
    """

    case: str
    metric: str
    ours: float | None
    peer: float | None
    peer_name: str
    ratio: float | None
    goal: str
    holds: bool | None


def publish(name: str, rows: list[Row]) -> None:
    """Print the table and write the file."""
    table = Table(title=name)
    for column in ("case", "metric", "ours", "peer", "peer name", "ratio", "goal", "holds"):
        table.add_column(column)
    for row in rows:
        table.add_row(*map(_shown, asdict(row).values()))
    Console().print(table)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
