"""The wheel owns its packages, carries its migrations, and runs without the checkout."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"decision_service", "rules", "optimization", "audit", "buf"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built offline from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert 0 == done.returncode, done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The wheel unpacked, as an installer would."""
    folder = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def test_the_wheel_holds_the_packages_and_nothing_else(wheel):
    """
    All four packages and the generated constraints; no tests, no policies, no example data.
    """
    names = zipfile.ZipFile(wheel).namelist()

    assert PACKAGES == {n.split("/")[0] for n in names if not n.split("/")[0].endswith(".dist-info")}


def test_every_module_of_the_checkout_is_in_the_wheel(wheel):
    """
    An editable install hides what is missing: every Python file is compared.
    """
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {p.relative_to(ROOT).as_posix() for package in PACKAGES for p in (ROOT / package).rglob("*.py")}
    migrations = {f"decision_service/_migrations/{p.name}" for p in (ROOT / "migrations").glob("*.py")}

    assert set() == (wanted | migrations) - names
    assert {"decision_service/py.typed"} <= names


def test_the_wheel_migrates_a_store_of_its_own(installed, tmp_path):
    """
    Away from the checkout the migrations are those that the wheel carries.
    """
    code = (
        "import decision_service, sys; from decision_service.bootstrap import migrations_folder;"
        "from decision_service.cli import load; print(decision_service.__file__, migrations_folder());"
        "load()(['db', 'upgrade', '--data', 'store'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    module, migrations = done.stdout.split()[:2]

    assert 0 == done.returncode, done.stderr
    assert str(installed / "decision_service" / "__init__.py") == module
    assert str(installed / "decision_service" / "_migrations") == migrations
    assert (tmp_path / "store" / "log.db").exists()


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A fresh environment with the wheel, beside the dependencies of this one, which it reads."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    python = folder / "bin" / "python"
    run(
        sys.executable,
        "-m",
        "pip",
        "-q",
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--no-index",
        str(wheel),
    )
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (own / "dependencies.pth").write_text(
        sysconfig.get_path("purelib") + "\n"
    )  # a path alone: no editable install
    return python


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_the_installed_wheel_owns_its_packages(environment, tmp_path):
    """
    All of them are its own, and come from its environment.
    """
    code = (
        "import importlib.metadata as m, json, audit, buf, decision_service, optimization, rules;"
        "owners = m.packages_distributions();"
        "print(json.dumps([[p.__name__, owners[p.__name__], p.__path__[0]] for p in"
        " (audit, buf, decision_service, optimization, rules)]))"
    )
    found = json.loads(run(str(environment), "-c", code, cwd=tmp_path))

    assert PACKAGES == {name for name, _, _ in found}
    for name, owners, path in found:
        assert {"decision-service"} == set(owners), name
        assert Path(path).is_relative_to(environment.parents[1])


def test_the_installed_wheel_decides(environment, tmp_path):
    """
    Its command says its version, and decides on the bundled example, away from the checkout.
    """
    program = str(environment.with_name("decisionctl"))
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    version = run(program, "--version", cwd=tmp_path)
    decided = run(
        program, "decide", str(ROOT / "examples" / "bundled" / "snapshot.json"), "--json", cwd=tmp_path
    )

    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] in version
    assert "REFERRED" in decided
    assert (tmp_path / ".decision-service").is_dir()


def test_no_other_distribution_owns_the_names():
    """
    `rules` and `audit` are generic names: another distribution with them would overwrite ours silently.
    """
    from importlib.metadata import packages_distributions

    owners = packages_distributions()  # an editable install lists none of its own but the first

    assert set() == {o for name in PACKAGES for o in owners.get(name, ())} - {"decision-service"}
