"""The channel of the Tryton connector behind TLS; what Tryton does with it is tests/integration/tryton."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

WIRE = Path(__file__).parents[3] / "examples" / "tryton" / "trytond_purchase_decision" / "wire.py"


@pytest.fixture
def connect(mutual, tmp_path, monkeypatch):
    """connect(subject, **more): the connector with a certificate of that subject; settings as Tryton reads them."""
    trytond = ModuleType("trytond")
    trytond.config = ModuleType("trytond.config")
    monkeypatch.setitem(sys.modules, "trytond", trytond)
    monkeypatch.setitem(sys.modules, "trytond.config", trytond.config)
    spec = importlib.util.spec_from_file_location("connector_wire", WIRE)
    wire = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wire)

    def connected(subject, **more):
        issued = mutual.authority.issue(subject, f"spiffe://example/{subject}")
        (tmp_path / "me.pem").write_bytes(issued.certificate)
        (tmp_path / "me.key").write_bytes(issued.key)
        settings = {
            "address": f"localhost:{mutual.running.address.rpartition(':')[2]}",
            "ca": str(mutual.folder / "ca.pem"),
            "certificate": str(tmp_path / "me.pem"),
            "key": str(tmp_path / "me.key"),
            **more,
        }
        trytond.config.get = lambda section, name, default=None: settings.get(name) or default
        return wire.Service()

    connected.refusal = wire.ServiceError
    return connected


def test_the_connector_calls_with_its_certificate(connect):
    """
    The subject of the certificate is granted the ERP's role: its instructions are handed to it.
    """
    with connect("erp") as service:
        instructions = service.pull()

    assert () == instructions


def test_the_connector_is_nobody_else(connect):
    """
    It says it is the ERP, and its certificate says otherwise: the certificate counts.
    """
    with connect("stranger") as service, pytest.raises(connect.refusal, match="PERMISSION_DENIED"):
        service.pull()


def test_a_missing_file_is_named(connect):
    """
    TLS without a key: the setting is named, not an error of the file system.
    """
    with pytest.raises(connect.refusal, match=r"\[decision_service\] key = None: .*; name a PEM file"):
        connect("erp", key="")
