"""Settings."""

import pytest

from decision_service.config import Settings, load_settings
from decision_service.errors import InvalidRequestError


def test_the_environment_overrides_the_file(tmp_path):
    """
    Defaults, then the file, then the environment.
    """
    file = tmp_path / "service.toml"
    file.write_text('workers = 3\naddress = "127.0.0.1:6000"\n')

    settings = load_settings(file, {"DECISION_SERVICE_WORKERS": "4", "HOME": "/"})

    assert Settings(workers=4, address="127.0.0.1:6000") == settings


def test_every_mistake_is_listed(tmp_path):
    """
    Not the first one only.
    """
    file = tmp_path / "service.toml"
    file.write_text('workers = 0\naddres = "x"\nwaiting = "many"\ntls_key = "none.pem"\nport = 1\n')

    with pytest.raises(InvalidRequestError) as caught:
        load_settings(file, {})

    assert {"workers", "addres", "waiting", "tls_key", "port", "tls_certificate"} == {
        v.field for v in caught.value.violations
    }


def test_a_file_that_is_not_toml_is_refused(tmp_path):
    """
    With the reader's complaint.
    """
    file = tmp_path / "service.toml"
    file.write_text("workers = = 1")

    with pytest.raises(InvalidRequestError, match=r"service.toml"):
        load_settings(file, {})


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("workers = 2.7", "workers"),
        ("workers = true", "workers"),
        ("reflection = 1", "reflection"),
        ('reflection = "perhaps"', "reflection"),
        ("rate = nan", "rate"),
        ("address = 7", "address"),
        ('address = "0.0.0.0:50051"', "address"),
        ("telemetry = 'pigeon'", "telemetry"),
    ],
)
def test_a_value_of_another_kind_is_refused(tmp_path, line, field):
    """
    Nothing is rounded, and nothing is taken for true because it is there.
    """
    file = tmp_path / "service.toml"
    file.write_text(line + "\n")

    with pytest.raises(InvalidRequestError) as caught:
        load_settings(file, {})
    assert [field] == [v.field for v in caught.value.violations]


def test_the_environment_is_read_by_kind():
    """
    Text that means a number, a truth value, a path.
    """
    given = {"WORKERS": "3", "REFLECTION": "false", "RATE": "2.5", "DATA": "/srv/x"}
    settings = load_settings(None, {f"DECISION_SERVICE_{k}": v for k, v in given.items()})

    assert (3, False, 2.5, "/srv/x") == (
        settings.workers,
        settings.reflection,
        settings.rate,
        str(settings.data),
    )


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("tcp://127.0.0.1:8786", True),
        ("tls://scheduler.example.com:8786", True),
        ("tcp://scheduler.example.com:8786", False),
        ("tcp://0.0.0.0:8786", False),
        ("scheduler:8786", False),
        ("tcp://127.0.0.1", False),
    ],
)
def test_a_scheduler_in_plaintext_is_taken_on_loopback_only(address, is_taken):
    """
    Whoever reaches a Dask scheduler runs code on its workers.
    """
    pytest.importorskip("distributed", reason="Dask is an extra: decision-service[dask]")
    given = {"DECISION_SERVICE_DASK": address}
    if is_taken:
        assert address == load_settings(None, given).dask
    else:
        with pytest.raises(InvalidRequestError, match="dask"):
            load_settings(None, given)
