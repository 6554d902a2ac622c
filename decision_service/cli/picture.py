"""Pictures on request: the form follows from the name of the file."""

from collections.abc import Callable
from pathlib import Path

import click

from decision_service.cli.failure import Failure

picture_option = click.option(
    "--picture", type=click.Path(dir_okay=False, path_type=Path), help="FILE.png or FILE.svg."
)


def write_picture(file: Path, draw: Callable[[str], bytes]) -> None:
    """What `draw` makes of `png` or `svg`, in the file."""
    if file.suffix not in (".png", ".svg"):
        raise Failure(f"{file}: a picture is .png or .svg")
    try:
        file.write_bytes(draw(file.suffix[1:]))
    except ImportError as error:
        raise Failure("pictures need matplotlib: pip install decision-service[pictures]") from error
