"""`decisionctl`: one file a command group."""

from importlib import import_module

_GROUPS = ("serve", "importing", "decisions", "policy", "audit", "optimize", "db", "tour")


def main() -> None:
    """Entry point."""
    from decision_service.cli.main_group import cli  # noqa: PLC0415 - groups attach to it first

    for group in _GROUPS:
        import_module(f"decision_service.cli.{group}")
    cli()
