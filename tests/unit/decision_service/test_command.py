"""What every command shares: no parameter hides a common one, and help starts without the store."""

import importlib
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from decision_service import cli as groups
from decision_service.cli.command import command
from decision_service.cli.main_group import cli

# The store, the solvers, the columns of Parquet: what only some commands need.
HEAVY = ("sqlalchemy", "alembic", "pyarrow", "numpy", "duckdb", "highspy", "rules.compiler", "protovalidate")


def every_command(group, path=()):
    for name, found in group.commands.items():
        if isinstance(found, click.Group):
            yield from every_command(found, (*path, name))
        else:
            yield (*path, name), found


@pytest.fixture(scope="module", autouse=True)
def _loaded():
    for group in groups._GROUPS:
        importlib.import_module(f"decision_service.cli.{group}")


def test_no_parameter_of_a_command_hides_another():
    """
    Every parameter of every command has a name of its own, the common ones included.
    """
    for path, found in every_command(cli):
        names = [parameter.name for parameter in found.params]

        assert (path, sorted(set(names))) == (path, sorted(names))


def test_a_command_that_shares_a_name_is_refused():
    """
    A parameter that collides with a common one is a mistake of the program, found when it starts.
    """
    with pytest.raises(TypeError, match="share a name"):
        command(click.Group("some"), "one")(click.option("--who", "called_as")(lambda _options: None))


def test_every_command_explains_itself():
    """
    `--help` works for every command and says what it does.
    """
    for path, found in every_command(cli):
        result = CliRunner().invoke(cli, [*path, "--help"])

        assert (path, result.exit_code) == (path, 0)
        assert found.help


def test_help_starts_without_what_it_does_not_need():
    """
    Store, solvers and Parquet are imported by the commands that use them, not by all.
    """
    code = (
        "import sys; sys.argv = ['decisionctl', '--help']\n"
        "from decision_service.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stderr.strip() == "[]"


def test_who_has_no_login_name_calls_by_number(monkeypatch):
    """
    A container may run under any number: that ended every command with a traceback.
    """

    def nameless(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nameless)
    seen = []
    some = click.Group("some")
    command(some, "one")(lambda options: seen.append(options.actor))

    assert 0 == CliRunner().invoke(some, ["one"]).exit_code
    assert [f"uid-{os.getuid()}"] == seen
