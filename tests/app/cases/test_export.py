"""From the server to training data: what is exported is what the reader reads."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np
import pytest

from tejido.app.cases.export import COLUMNS, export
from tejido.errors import DataError, TejidoError
from tejido.runtime.decode import decode
from tejido.sources.catalogue import parse
from tests.app.cases.some import CONSENT, OTHER, PICTURE, Desk
from tests.support.pictures import encode, noise

if TYPE_CHECKING:
    from pathlib import Path

    from tejido.app.cases.store import CaseStore
    from tejido.sources.record import ImageRecord

FOUND = {"diagnosis": "melanoma", "confirmation": "histology"}


def read(folder: Path, options: str = "") -> dict[str, ImageRecord]:
    source, path = parse(f"cases={folder}{options}")
    reading = source.read(path)
    assert reading.problems == []
    assert not reading.unmapped
    return {record.image_id: record for record in reading.records}


def test_there_and_back(own_desk: Desk, own: CaseStore, tmp_path: Path) -> None:
    facts = {"age": 61.5, "sex": "female", "site": "posterior_torso", "modality": "clinical"}
    first = own_desk.kept(patient="P1", lesion="L1", notes="Maria Lopez", **facts)
    second = own_desk.kept(OTHER, patient="P2", lesion="L1")
    third = own_desk.kept(OTHER)
    own_desk.send("PUT", f"/cases/{first['id']}/diagnosis", FOUND)
    assert export(own, tmp_path / "out") == 3
    records = read(tmp_path / "out")
    assert set(records) == {first["id"], second["id"], third["id"]}
    record = records[first["id"]]
    assert (record.diagnosis, record.confirmation) == ("melanoma", "histology")
    assert (record.patient_id, record.lesion_id) == ("P1", "P1/L1")
    assert (record.age, record.sex, record.site, record.modality) == (61.5, "female", "posterior_torso", "clinical")
    assert record.path is not None
    np.testing.assert_array_equal(decode(record.path), decode(PICTURE))
    assert records[second["id"]].lesion_id == "P2/L1"  # another patient's first lesion is another lesion
    assert records[second["id"]].diagnosis is None  # whatever the model said
    assert records[second["id"]].modality == "dermoscopy"
    assert records[third["id"]].patient_id is None
    assert b"Maria" not in (tmp_path / "out" / "cases.csv").read_bytes()
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0
    assert own_desk.get("/audit?limit=1").json()["entries"][0]["action"] == "cases.export"


def test_cases_become_a_manifest_with_leak_groups(own_desk: Desk, own: CaseStore, tmp_path: Path) -> None:
    import pandas as pd

    from tejido.cli.main import main

    places = [("P1", "L1"), ("P1", "L2"), ("P2", "L1"), (None, "L1")]
    for seed, (patient, lesion) in enumerate(places):
        picture = encode(noise(64, 64, seed), "PNG")
        kept = own_desk.kept(picture, patient=patient, lesion=lesion)
        own_desk.send("PUT", f"/cases/{kept['id']}/diagnosis", FOUND if seed else FOUND | {"diagnosis": "nevus"})
    export(own, tmp_path / "out")
    manifest = tmp_path / "cases.parquet"
    assert main(["data", "build", "--source", f"cases={tmp_path / 'out'}", "-o", str(manifest)]) == 0
    table = pd.read_parquet(manifest)
    assert sorted(table["diagnosis"]) == ["melanoma"] * 3 + ["nevus"]
    assert set(table["confirmation"]) == {"histology"}
    assert sorted(table.groupby("group_id").size()) == [1, 1, 2]
    assert set(table.groupby("group_id").get_group(table.groupby("group_id").size().idxmax())["patient_id"]) == {"P1"}


def test_options(own_desk: Desk, own: CaseStore, tmp_path: Path) -> None:
    own_desk.kept()
    export(own, tmp_path / "out")
    (record,) = read(tmp_path / "out", ",name=clinic,modality=clinical").values()
    assert (record.source, record.modality) == ("clinic", "clinical")
    for bad in (",modality=xray", ",name="):
        with pytest.raises(DataError):
            read(tmp_path / "out", bad)


def test_only_confirmed_and_only_with_that_consent(own_desk: Desk, own: CaseStore, tmp_path: Path) -> None:
    kept = [own_desk.kept(consent=CONSENT | {"version": version}) for version in ("1", "2", "2")]
    own_desk.send("PUT", f"/cases/{kept[1]['id']}/diagnosis", FOUND)
    assert export(own, tmp_path / "a", confirmed=True) == 1
    assert set(read(tmp_path / "a")) == {kept[1]["id"]}
    assert export(own, tmp_path / "b", consents=["2"]) == 2
    assert export(own, tmp_path / "c", confirmed=True, consents=["1"]) == 0


def test_many_pages(own_desk: Desk, own: CaseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tejido.app.cases.export._PAGE", 2)
    kept = {own_desk.kept()["id"] for _ in range(5)}
    assert export(own, tmp_path / "out") == 5
    with (tmp_path / "out" / "cases.csv").open() as file:
        table = list(csv.DictReader(file))
    assert {row["image_id"] for row in table} == kept
    assert tuple(table[0]) == COLUMNS
    assert all(UUID(row["image_id"]) and (tmp_path / "out" / row["file"]).is_file() for row in table)


def test_never_into_a_folder_that_has_something(own: CaseStore, tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(TejidoError, match="something in it"):
        export(own, tmp_path)
    with pytest.raises(TejidoError, match="cannot be written"):
        export(own, tmp_path / "x")


def test_no_table_where_it_was_cut_short(
    own_desk: Desk, own: CaseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_desk.kept()

    def fail(_: object) -> None:
        raise KeyError

    monkeypatch.setattr(own, "picture", fail)
    with pytest.raises(KeyError):
        export(own, tmp_path / "out")
    assert not (tmp_path / "out" / "cases.csv").exists()
