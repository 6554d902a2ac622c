"""The root of `decisionctl`."""

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="decision-service")
def cli() -> None:
    """Governed inventory decisions: what to hold, what to order, and why."""
