"""What is shipped to run and to watch the service agrees with the service."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from decision_service.api import telemetry
from decision_service.api.identity.grants import read_grants
from decision_service.config import Settings, load_settings

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
DOCUMENTS = {name: (ROOT / "docs" / name).read_text() for name in ("operations.md", "security.md")}


def test_the_shipped_settings_are_all_settings():
    """
    Each with a value of its kind; only the files it names are missing here.
    """
    given = tomllib.loads((DEPLOY / "service.toml").read_text())

    assert {f.name for f in fields(Settings)} == set(given)
    with pytest.raises(Exception, match="no file") as caught:
        load_settings(DEPLOY / "service.toml", {})
    assert {"tls_certificate", "tls_key", "tls_client_ca", "grants"} == {
        v.field for v in caught.value.violations
    }


def test_the_shipped_grants_are_grants():
    """
    Roles and scopes that exist.
    """
    assert {"spiffe://example.com/erp-north", "ada.lind", "spiffe://example.com/auditor"} == set(
        read_grants(DEPLOY / "grants.toml")
    )


def test_the_manifests_hold_what_they_promise(tmp_path):
    """
    No root, no writable root, no privileges, probes of all three kinds, settings that are settings.
    """
    documents = {
        d["kind"]: d for d in yaml.safe_load_all((DEPLOY / "kubernetes" / "service.yaml").read_text())
    }
    pod = documents["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    given = tomllib.loads(documents["ConfigMap"]["data"]["service.toml"])
    (tmp_path / "grants.toml").write_text(documents["ConfigMap"]["data"]["grants.toml"])

    assert pod["securityContext"]["runAsNonRoot"]
    assert {"drop": ["ALL"]} == container["securityContext"]["capabilities"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
    assert set(given) <= {f.name for f in fields(Settings)}
    assert read_grants(tmp_path / "grants.toml")
    assert pod["terminationGracePeriodSeconds"] > given["grace_seconds"]


def test_the_manifests_fit_the_schemas_of_kubernetes(tool_python):
    """
    Field by field, unknown ones refused: by a validator that is not ours.
    """
    python = tool_python("kubernetes-validate", ["kubernetes-validate==1.37.0"])
    command = [python.with_name("kubernetes-validate"), "--strict", DEPLOY / "kubernetes" / "service.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    passed = re.findall(r"passed for resource (\w+)/", done.stdout + done.stderr)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert ["configmap", "deployment", "service", "poddisruptionbudget"] == passed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_unit(tmp_path):
    """
    Without a complaint, once its program is one that is here.
    """
    unit = (DEPLOY / "systemd" / "decision-service.service").read_text()
    program = "/opt/decision-service/bin/decisionctl"
    assert f"ExecStart={program} serve" in unit
    (tmp_path / "decision-service.service").write_text(unit.replace(program, sys.executable))
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "decision-service.service")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_the_container_runs_without_root():
    """
    The last USER is not root, and what is installed carries hashes.
    """
    lines = (DEPLOY / "Containerfile").read_text().splitlines()

    assert "USER 10001:10001" == [line for line in lines if line.startswith("USER")][-1]
    assert any("--require-hashes" in line for line in lines)


def test_the_container_compiles_nothing_when_it_starts():
    """
    All that is installed for the service is compiled in the build: its file system is read-only afterwards.
    """
    lines = (DEPLOY / "Containerfile").read_text().splitlines()
    installed = [line for line in lines if "VIRTUAL_ENV=/opt/decision-service" in line]

    assert 2 == len(installed)
    assert all("--compile-bytecode" in line for line in installed)


def instruments():
    """Names and labels of what the service measures, as Prometheus writes them."""
    names = {
        "rpc_server_call_duration_seconds",
        "decision_count_total",
        "decision_order_count_total",
        "decision_shed_count_total",
        "solver_gap",
    }
    source = Path(telemetry.__file__).read_text()
    labels = {
        label.replace(".", "_") for label in re.findall(r'"((?:rpc|decision|solver)\.[a-z._]+)"', source)
    }
    return names, labels


def test_queries_use_metrics_that_exist():
    """
    By the names under which Prometheus reads them.
    """
    names, _ = instruments()
    asked = {n for text in queries() for n in re.findall(r"\b([a-z_]+)(?=\{[^}]|\[)", text)}

    assert asked
    assert {n.removesuffix("_bucket").removesuffix("_count") for n in asked - {"up"}} <= names


def queries():
    """Every query of the dashboard and of the alerts."""
    dashboard = json.loads((DEPLOY / "grafana" / "decision-service.json").read_text())
    alerts = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())
    found = [t["expr"] for panel in dashboard["panels"] for t in panel["targets"]]
    return found + [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]


def test_queries_use_labels_that_exist():
    """
    A label that nobody writes would leave a panel empty for ever.
    """
    _, labels = instruments()
    used = {
        label
        for text in queries()
        for label in re.findall(r"\b((?:rpc|decision|solver)_[a-z_]+)(?==|!=|,|\))", text)
    }

    assert set() == used - labels - {"rpc_server_call_duration_seconds"}


def test_every_alert_leads_to_what_to_do():
    """
    Its runbook is a heading of docs/operations.md.
    """
    alerts = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in DOCUMENTS["operations.md"].splitlines()
        if line.startswith("#")
    }

    for group in alerts["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["runbook"].partition("#")[2] in headings, rule["alert"]


def test_every_threat_names_a_test_that_exists():
    """
    docs/security.md shows what it claims: each row of its tables, each thing that is not stopped.
    """
    claims = re.findall(r"^(?:\| (?!could|-)|- )(?:.+)(?:\n  .+)*", DOCUMENTS["security.md"], re.MULTILINE)
    assert len(claims) > 50
    assert [] == [claim for claim in claims if "::test_" not in claim]
    named = re.findall(r"`([a-z_/]+\.py)::(test_[a-z_0-9]+)`", DOCUMENTS["security.md"])

    assert len(named) > 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / "tests" / file).read_text(), test
