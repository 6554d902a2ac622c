from pathlib import Path

from audit import NewEntry, Redaction, Signer, open_ledger, redact, upgrade

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
SECRET = b"Erika Mustermann, 1964-08-12, Heidestrasse 17"


def copies(folder):
    return sum(path.read_bytes().count(SECRET[:16]) for path in folder.iterdir())


def test_no_residue_of_an_erased_payload_is_left_in_sqlite_files(tmp_path):
    """
    After a redaction neither the database nor its write-ahead log hold the text, while still open.
    """
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url, MIGRATIONS)
    with open_ledger(url, Signer("example.com/log", bytes(range(32)))) as ledger:
        for number in range(20):
            ledger.append(NewEntry("k", f"s{number}", {}, payload=SECRET * 50))
        before = copies(tmp_path)
        redact(ledger, Redaction(tuple(range(20)), "GDPR Art. 17", "asked for", "dpo", "cfo"))

        assert before >= 1000
        assert copies(tmp_path) == 0
