"""`import`: an ERP's export to a snapshot file."""

from pathlib import Path

import click

from decision_service.cli.command import command, console, print_json, table
from decision_service.cli.main_group import cli
from decision_service.cli.session import Options

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@command(cli, "import")
@click.argument("source", type=_FOLDER)
@click.option(
    "--mapping", required=True, type=_FOLDER, help="constants.yaml and one SQL file per snapshot set."
)
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Snapshot file."
)
def import_export(options: Options, source: Path, mapping: Path, output: Path) -> None:
    """Read an ERP's export (a folder of CSV or Parquet) into a snapshot."""
    from rich.progress import Progress  # noqa: PLC0415 - other commands start faster

    from decision_service.cli.snapshot_file import write_snapshot  # noqa: PLC0415
    from decision_service.ingest.mapping import import_snapshot  # noqa: PLC0415
    from decision_service.ingest.summary import count_findings  # noqa: PLC0415

    with Progress(console=console, transient=True, disable=options.is_json or not console.is_terminal) as bar:
        task = bar.add_task("reading")
        snapshot = import_snapshot(
            mapping,
            source,
            lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
        )
    write_snapshot(snapshot, output)
    sizes = {
        n: len(getattr(snapshot, n))
        for n in ("items", "locations", "suppliers", "stages", "lanes", "demands", "receipts")
    }
    counts = count_findings(snapshot.findings)
    if options.is_json:
        found = [{"kind": c.kind, "action": c.action, "count": c.count} for c in counts]
        print_json({"output": str(output), "as_of": str(snapshot.as_of), "sizes": sizes, "exceptions": found})
        return
    console.print(f"Snapshot of {snapshot.source} at {snapshot.as_of}", markup=False)
    table("", ("set", ">rows"), sizes.items())
    table(
        f"Exceptions ({len(snapshot.findings)})",
        ("kind", "what was done", ">count"),
        [(c.kind, c.action, c.count) for c in counts],
    )
    console.print(f"wrote {output}")
