"""The importer on tiny exports: what it reads, and what it refuses, by file, row and column."""

import hashlib
from datetime import date

import duckdb
import pytest

from decision_service.errors import ServiceError
from decision_service.ingest import FindingCount, IngestError, count_findings, import_snapshot, rows
from optimization.network import (
    Component,
    Demand,
    Finding,
    Firmness,
    Item,
    Lane,
    LaneKind,
    Location,
    Receipt,
    ServiceLevel,
    ServiceLevelKind,
    Stage,
)

CONSTANTS = """
source: a test
contract: test/1
as_of: 2026-11-30
currency: EUR
horizon: 8
values: {site: HQ, start: 2026-11-02, share: 0.5}
files:
  part:
    file: part.csv
    key: [id]
    columns: {id: text, stock: integer, price: decimal, weight: number, sold: date, made: boolean}
"""
PART = "id,stock,price,weight,sold,made\nnut,5,0.25,1.5,2026-11-01,0\nbolt,7,.10,2,,1\n"
ITEMS = "select id, price::double as value from part"
STAGES = "select id || '@HQ' as id, id as item, getvariable('site') as location, stock as on_hand from part"


@pytest.fixture
def folders(tmp_path):
    mapping, source = tmp_path / "mapping", tmp_path / "source"
    mapping.mkdir()
    source.mkdir()
    (mapping / "constants.yaml").write_text(CONSTANTS)
    (mapping / "items.sql").write_text(ITEMS)
    (mapping / "stages.sql").write_text(STAGES)
    (mapping / "locations.sql").write_text("select 'HQ' as id")
    (source / "part.csv").write_text(PART)
    return mapping, source


def refusal(folders) -> IngestError:
    with pytest.raises(IngestError) as caught:
        import_snapshot(*folders)
    return caught.value


def test_rows_become_nouns_and_head_comes_from_the_constants(folders):
    """
    One SQL file is one set; its columns are fields; rows are ordered by id.
    """
    snapshot = import_snapshot(*folders)

    assert (Item("bolt", value=0.10), Item("nut", value=0.25)) == snapshot.items
    assert (
        Stage("bolt@HQ", "bolt", "HQ", on_hand=7.0),
        Stage("nut@HQ", "nut", "HQ", on_hand=5.0),
    ) == snapshot.stages
    assert (date(2026, 11, 30), "a test", "EUR", 7, 8) == (
        snapshot.as_of,
        snapshot.source,
        snapshot.currency,
        snapshot.bucket_days,
        snapshot.horizon,
    )
    assert () == snapshot.lanes


def test_sources_carry_digest_rows_and_contract(folders):
    """
    Lineage reaches the bytes of every file read, SQL included.
    """
    files = {file.name: file for file in import_snapshot(*folders).sources}

    assert {
        "part.csv",
        *(f"mapping/{name}" for name in ("constants.yaml", "items.sql", "locations.sql", "stages.sql")),
    } == set(files)
    assert (2, "test/1") == (files["part.csv"].rows, files["part.csv"].contract)
    assert (2, "mapping") == (files["mapping/items.sql"].rows, files["mapping/items.sql"].contract)
    assert f"sha256:{hashlib.sha256(PART.encode()).hexdigest()}" == files["part.csv"].digest
    assert f"sha256:{hashlib.sha256(ITEMS.encode()).hexdigest()}" == files["mapping/items.sql"].digest


def test_the_same_files_give_the_same_snapshot(folders):
    """
    An import is a function of its files.
    """
    assert import_snapshot(*folders) == import_snapshot(*folders)


def test_nested_fields_come_from_lists_and_structs(folders):
    """
    Components, service levels, demand arrays and dates are what DuckDB's nested types say.
    """
    mapping, _ = folders
    (mapping / "locations.sql").write_text("select 'HQ' as id, 'PLANT' as kind")
    (mapping / "lanes.sql").write_text(
        "select 'm' as id, 'PRODUCTION' as kind, 'nut@HQ' as stage, null as maximum, "
        "[{'stage': 'bolt@HQ', 'quantity': 2}] as components, [[1, 0.5], [3, 0.5]] as lead_time_distribution"
    )
    (mapping / "demands.sql").write_text("select 'nut@HQ' as stage, [1, 2.5] as mean")
    (mapping / "receipts.sql").write_text(
        "select 'r' as id, 'nut@HQ' as stage, 3 as quantity, date '2026-12-24' as due, 'FIRM' as firmness"
    )
    (mapping / "stages.sql").write_text(
        "select id || '@HQ' as id, id as item, 'HQ' as location, {'kind': 'CYCLE', 'target': 0.9} as service_level from part"
    )

    snapshot = import_snapshot(*folders)

    assert "PLANT" == snapshot.locations[0].kind
    assert isinstance(snapshot.locations[0], Location)
    assert (
        Lane(
            "m",
            LaneKind.PRODUCTION,
            "nut@HQ",
            components=(Component("bolt@HQ", 2.0),),
            lead_time_distribution=((1.0, 0.5), (3.0, 0.5)),
        ),
    ) == snapshot.lanes
    assert (Demand("nut@HQ", mean=(1.0, 2.5)),) == snapshot.demands
    assert (Receipt("r", "nut@HQ", 3.0, date(2026, 12, 24), Firmness.FIRM),) == snapshot.receipts
    assert ServiceLevel(ServiceLevelKind.CYCLE, 0.9) == snapshot.stages[0].service_level


def test_values_and_preparation_serve_several_sets(folders):
    """
    `prepare.sql` creates what sets share; constants are variables of the SQL.
    """
    mapping, _ = folders
    (mapping / "prepare.sql").write_text(
        "create view cheap as select * from part where price < 0.2; create table t as select 1;"
    )
    (mapping / "stages.sql").write_text(STAGES.replace("part", "cheap"))
    (mapping / "items.sql").write_text(
        "select id, getvariable('share') as value, strftime(getvariable('start'), '%d.%m.') as name from cheap"
    )

    assert (Item("bolt", name="02.11.", value=0.5),) == import_snapshot(*folders).items


def test_parquet_is_read_by_column_name(folders):
    """
    The same contract holds for Parquet; its own types are read as declared.
    """
    mapping, source = folders
    (mapping / "constants.yaml").write_text(CONSTANTS.replace("part.csv", "part.parquet"))
    duckdb.sql(
        "select 7 as stock, 'bolt' as id, 0.1 as price, 2.0 as weight, null::date as sold, true as made, 9 as x"
    ).write_parquet(str(source / "part.parquet"))

    assert (Item("bolt", value=0.1),) == import_snapshot(*folders).items


@pytest.mark.parametrize(
    ("csv_format", "text"),
    [
        ("{delimiter: ';'}", PART.replace(",", ";")),
        (
            '{delimiter: "\\t", quote: "", header: false}',
            "".join(PART.replace(",", "\t").splitlines(keepends=True)[1:]),
        ),
        ("{}", PART.replace("\n", "\r\n")),
        ("{}", "\ufeff" + PART),
        ('{quote: "\'", "null": "-"}', PART.replace("nut", "'nut'").replace("2,,1", "2,-,1")),
        ("{}", PART.replace("stock", "note,stock").replace("nut,", "nut,x,").replace("bolt,", "bolt,y,")),
    ],
    ids=["semicolon", "tabs-no-header", "crlf", "byte-order-mark", "quote-and-null", "extra-column"],
)
def test_text_files_of_any_dialect(folders, csv_format, text):
    """
    Delimiter, quote, header and NULL are the mapping's to say; undeclared columns are ignored.
    """
    mapping, source = folders
    (mapping / "constants.yaml").write_text(CONSTANTS + f"format: {csv_format}\n")
    (source / "part.csv").write_text(text, newline="")

    assert (Item("bolt", value=0.10), Item("nut", value=0.25)) == import_snapshot(*folders).items


def test_progress_names_every_file(folders):
    """
    A person who waits sees which file is read, of how many.
    """
    told = []
    import_snapshot(*folders, progress=lambda name, done, total: told.append((name, done, total)))

    assert ("part.csv", 0, 13) == told[0]
    assert ("findings.sql", 12, 13) == told[-1]


@pytest.mark.parametrize(
    ("text", "file", "problem"),
    [
        (PART.replace("stock", "stok"), "part.csv", "has no column `stock`"),
        (PART.replace("7", "seven"), "part.csv row 2 column `stock`", "`seven` is not of type integer"),
        (PART.replace("7", "7.5"), "part.csv row 2 column `stock`", "`7.5` is not of type integer"),
        (PART.replace("1.5", "NaN"), "part.csv row 1 column `weight`", "`NaN` is not of type number"),
        (PART.replace("1.5", "1e999"), "part.csv row 1 column `weight`", "`1e999` is not of type number"),
        (PART.replace("0.25", "0,25"), "part.csv line 2", "expected Number of Columns: 6 Found: 7"),
        (
            PART.replace("2026-11-01", "01.11.2026"),
            "part.csv row 1 column `sold`",
            "`01.11.2026` is not of type date",
        ),
        (PART.replace("bolt", "nut"), "part.csv row 1", "the key (id) `nut` stands in several rows"),
        (PART.replace("bolt", ""), "part.csv row 2", "the key (id) is empty"),
        (PART + '"open,1,1,1,,1\n', "part.csv line 4", "value with unterminated quote found."),
        (PART.replace("sold", "id"), "part.csv", "has no column `sold`"),
        ("", "part.csv", "has no column `id`"),
    ],
)
def test_a_wrong_file_is_named_with_row_and_column(folders, text, file, problem):
    """
    The first value that is not what the contract says stops the import, and is quoted.
    """
    (folders[1] / "part.csv").write_text(text)

    error = refusal(folders)

    assert (file, problem) == (error.file, error.problem)
    assert error.fix
    assert isinstance(error, ServiceError)


def test_bytes_that_are_no_text_are_refused(folders):
    """
    A file that is not UTF-8 is not read as something else.
    """
    (folders[1] / "part.csv").write_bytes(PART.encode() + b"\xff\xfe,1,1,1,,1\n")

    assert "part.csv" in refusal(folders).file


def test_a_missing_file_and_one_outside_the_folder(folders, tmp_path):
    """
    A file is read from its folder or not at all, links included.
    """
    mapping, source = folders
    (source / "part.csv").rename(tmp_path / "part.csv")
    assert "is missing from the source folder" == refusal(folders).problem

    (source / "part.csv").symlink_to(tmp_path / "part.csv")
    assert "lies outside the source folder" == refusal(folders).problem

    (mapping / "constants.yaml").write_text(CONSTANTS.replace("file: part.csv", "file: ../part.csv"))
    assert "lies outside the source folder" == refusal(folders).problem


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("as_of: yesterday", "as_of"),
        ("horizon: 0", "horizon: is 0"),
        ("bucket_days: 1.5", "bucket_days"),
        ("horizont: 3", "horizont: unknown entry"),
        ("values: {a: [1]}", "values.a: is not a text, number or date"),
        ("format: {delimiter: ';;'}", "format: delimiter `;;`"),
        ("format: {delimeter: ';'}", "format.delimeter: unknown entry"),
        ("files: {part: {file: part.csv, columns: {}}}", "files.part.columns: is empty"),
        (
            "files: {part: {file: part.csv, columns: {id: txt}}}",
            "files.part.columns[...]: invalid enum value 'txt'",
        ),
        ("files: {part: {file: part.csv, columns: {id: text}, key: [nr]}}", "files.part.key: no column `nr`"),
        ("files: {part: {columns: {id: text}}}", "files.part: object missing required field `file`"),
        (
            "files: {part: {file: part.csv, columns: {id: text}, format: {delimitter: x}}}",
            "files.part.format.delimitter",
        ),
        (
            "files: {part: {file: part.csv, columns: {id: text, ID: text}}}",
            "files.part.columns: one stands twice",
        ),
        ("values: {a: .inf}", "values.a: is not a text, number or date"),
        ("files: [1]", "files: expected `object`, got `array`"),
        ("a: [", "is not YAML"),
        ("a: " + "[" * 5000, "is not YAML"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "a: unknown entry"),
    ],
)
def test_wrong_constants_are_named_by_their_path(folders, entry, problem):
    """
    A misspelt or mistyped entry is an error, never a default.
    """
    name = entry.partition(":")[0]
    lines = CONSTANTS.split("\n")
    kept = [line for line in lines if not line.startswith(f"{name}:")]
    if name == "files":
        kept = kept[: kept.index("  part:")]
    (folders[0] / "constants.yaml").write_text("\n".join([*kept, entry, ""]))

    error = refusal(folders)

    assert "constants.yaml" == error.file
    assert error.problem.startswith(problem)


def test_missing_folders_and_constants(folders, tmp_path):
    """
    What is not there is named.
    """
    mapping, source = folders
    with pytest.raises(IngestError, match="is no folder, so it cannot be the source"):
        import_snapshot(mapping, tmp_path / "none")
    (mapping / "constants.yaml").unlink()

    assert "is missing from `mapping`" == refusal((mapping, source)).problem


@pytest.mark.parametrize(
    ("sql", "where", "problem"),
    [
        (
            "select id from partt",
            "items.sql",
            "DuckDB refuses it: Catalog Error: Table with name partt does not exist!",
        ),
        ("selct id", "items.sql", "DuckDB refuses it: Parser Error"),
        ("select id, 1 as valeu from part", "items.sql column `valeu`", "is no field of this set"),
        ("select price::double as value from part", "items.sql column `id`", "is missing"),
        ("select id, id from part", "items.sql", "selects a column twice"),
        (
            "select id, 'x' as value from part",
            "items.sql row 1 column `value`",
            "expected `float`, got `str`",
        ),
        (
            "select id, null as value from part",
            "items.sql row 1 column `value`",
            "expected `float`, got `null`",
        ),
        ("select id, 5 - stock as value from part", "items.sql row 2 column `value`", "`-2` is negative"),
        (
            "select id, 'nan'::double as value from part",
            "items.sql row 1 column `value`",
            "`nan` is not a finite",
        ),
        ("select 'nut' as id from part", "items.sql row 2", "`('nut',)` is selected twice"),
        ("select id from part; select 1", "items.sql", "is not one SELECT"),
        ("", "items.sql", "is not one SELECT"),
        ("drop table part", "items.sql", "is not one SELECT"),
        ("select id, random() as value from part", "items.sql", "`random(` answers differently each time"),
        (
            "select id, year(current_date) as value from part",
            "items.sql",
            "`current_date` answers differently",
        ),
    ],
)
def test_wrong_sql_is_named_by_file_row_and_column(folders, sql, where, problem):
    """
    A set is exactly what its SQL selects; nothing is coerced, defaulted or dropped.
    """
    (folders[0] / "items.sql").write_text(sql)
    error = refusal(folders)

    assert where == error.file
    assert error.problem.startswith(problem)


def test_a_word_in_a_comment_or_a_text_is_no_call(folders):
    """
    Only what would run is refused.
    """
    (folders[0] / "items.sql").write_text("select id, 'today()' as name from part -- random()")

    assert {"today()"} == {item.name for item in import_snapshot(*folders).items}


@pytest.mark.parametrize(
    ("name", "sql", "where", "problem"),
    [
        (
            "stages",
            "select id, 'x' as item, 'HQ' as location from part",
            "stages.sql row `bolt` column `item`",
            "`x`",
        ),
        (
            "demands",
            "select 'x' as stage, [1] as mean",
            "demands.sql row `x` column `stage`",
            "`x` is not a stage",
        ),
        (
            "lanes",
            "select 'l' as id, 'PURCHASE' as kind, 'nut@HQ' as stage, 'nobody' as supplier",
            "lanes.sql row `l` column `supplier`",
            "`nobody`",
        ),
        (
            "lanes",
            (
                "select id, 'PRODUCTION' as kind, id || '@HQ' as stage, [{'stage': if(id = 'nut', 'bolt', 'nut') || '@HQ', "
                "'quantity': 1}] as components from part"
            ),
            "lanes.sql",
            "components run in a circle",
        ),
        (
            "conversions",
            "select 'BOX' as from_unit, 'EA' as to_unit, 0 as factor, 'nut' as item",
            "conversions.sql row `nut BOX EA` column `factor`",
            "`0",
        ),
    ],
)
def test_sets_that_contradict_each_other_are_refused(folders, name, sql, where, problem):
    """
    What planning would refuse, the import refuses: by SQL file, row and column.
    """
    (folders[0] / f"{name}.sql").write_text(sql)

    error = refusal(folders)

    assert where == error.file
    assert error.problem.startswith(problem)


@pytest.mark.parametrize(
    "sql",
    [
        "select id from read_csv('{secret}')",
        "select content as id from read_text('{secret}')",
        "select id from '{secret}'",
        "select file as id from glob('{folder}/*')",
        "select id from part union select path from duckdb_secrets()",
        "select id from read_parquet('https://example.invalid/x.parquet')",
    ],
)
def test_no_sql_reads_outside_its_tables(folders, tmp_path, sql):
    """
    The database is sealed before a mapping's SQL runs.
    """
    secret = tmp_path / "secret.csv"
    secret.write_text("id\nsecret\n")
    (folders[0] / "items.sql").write_text(sql.format(secret=secret, folder=tmp_path))

    assert refusal(folders).problem.startswith("DuckDB refuses it")


@pytest.mark.parametrize(
    "sql",
    [
        "copy part to '{target}'",
        "attach '{target}' as other",
        "set enable_external_access = true",
        "install httpfs",
        "load httpfs",
        "export database '{target}'",
        "insert into part select * from part",
        "create table leak as select * from read_csv('{secret}')",
    ],
)
def test_no_preparation_writes_or_loosens_the_seal(folders, tmp_path, sql):
    """
    Preparation creates tables, views and macros, and nothing else.
    """
    (tmp_path / "secret.csv").write_text("id\nsecret\n")
    target = tmp_path / "leak"
    (folders[0] / "prepare.sql").write_text(sql.format(target=target, secret=tmp_path / "secret.csv"))

    assert "prepare.sql" == refusal(folders).file
    assert not target.exists()


def test_an_endless_mapping_is_interrupted(folders, monkeypatch):
    """
    SQL that does not come to an end is stopped, and the file named.
    """
    monkeypatch.setattr(rows, "MOST_SECONDS", 0.2)
    (folders[0] / "items.sql").write_text(
        "with recursive n(i) as (select 0::hugeint union all select i + 1 from n) select max(i)::varchar as id from n"
    )

    assert "takes over 0.2 s" == refusal(folders).problem


def test_too_many_rows_are_refused(folders, monkeypatch):
    """
    A set has a largest size; a join gone wrong does not fill the memory.
    """
    monkeypatch.setattr(rows, "MOST_ROWS", 1)

    assert "selects over 1 rows" == refusal(folders).problem


def test_a_sql_file_of_no_set_is_refused(folders):
    """
    A misspelt file name would lose a whole set in silence.
    """
    (folders[0] / "stage.sql").write_text("select 1")

    assert ("stage.sql", "belongs to no set") == (refusal(folders).file, refusal(folders).problem)


def test_findings_are_counted_by_kind_and_action():
    """
    The summary says how many of what, and what was done.
    """
    findings = [
        Finding("ZERO_COST", "a", "", "DEFAULTED: 3"),
        Finding("ZERO_COST", "b", "", "DEFAULTED: 4"),
        Finding("ZERO_COST", "c", "", "EXCLUDED: no"),
        Finding("ORPHAN", "d", "", "KEPT"),
    ]

    assert (
        FindingCount("ORPHAN", "KEPT", 1),
        FindingCount("ZERO_COST", "DEFAULTED", 2),
        FindingCount("ZERO_COST", "EXCLUDED", 1),
    ) == count_findings(findings)
