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
