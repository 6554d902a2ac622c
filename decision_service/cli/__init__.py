"""`decisionctl`: one file a command group."""

from importlib import import_module

import click

_GROUPS = (
    "serve",
    "health",
    "importing",
    "decisions",
    "policy",
    "impact",
    "trials",
    "approvals",
    "handover",
    "rollback",
    "guard",
    "manual",
    "reporting",
    "rollout",
    "audit",
    "erasing",
    "witnessing",
    "replaying",
    "lineage",
    "optimize",
    "frontier",
    "db",
    "tour",
)


def load() -> click.Group:
    """The root command with every group attached."""
    from decision_service.cli.main_group import cli  # noqa: PLC0415 - groups attach to it first

    for group in _GROUPS:
        import_module(f"decision_service.cli.{group}")
    return cli


def main() -> None:
    """Entry point."""
    load()()
