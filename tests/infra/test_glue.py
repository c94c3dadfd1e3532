"""Athena's tables over the change log: columns as the schema has them, queries as promised."""

import re
from collections.abc import Callable

import pytest

from infra.glue import glue_type
from shared.domain.change_log.schema import DATASETS, STATE
from tests.infra.templates import Template, properties, resources


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("VARCHAR", "string"),
        ("BIGINT", "bigint"),
        ("VARCHAR[]", "array<string>"),
        (
            'STRUCT("tag" VARCHAR, "applied_date" BIGINT)[]',
            "array<struct<tag:string,applied_date:bigint>>",
        ),
        ('STRUCT("city" VARCHAR, "is" BOOLEAN)', "struct<city:string,is:boolean>"),
    ],
)
def test_types_are_told_in_glues_words(kind: str, expected: str) -> None:
    assert glue_type(kind) == expected


def test_a_type_glue_does_not_have_is_refused() -> None:
    with pytest.raises(KeyError):
        glue_type("TIMESTAMP")


def test_each_dataset_is_a_table_over_its_history(template: Template) -> None:
    tables = {each["TableInput"]["Name"]: each for each in properties(template, "AWS::Glue::Table")}

    assert set(tables) == set(DATASETS)
    for name, dataset in DATASETS.items():
        storage = tables[name]["TableInput"]["StorageDescriptor"]
        assert [each["Name"] for each in storage["Columns"]] == list(dataset.columns)
        assert storage["Location"]["Fn::Join"][1][-1] == f"/history/{name}/"
        assert re.fullmatch(r"s3://", storage["Location"]["Fn::Join"][1][0])
    states = next(
        each["Type"]
        for each in tables["recurring_payments"]["TableInput"]["StorageDescriptor"]["Columns"]
        if each["Name"] == "states"
    )
    assert [part.partition(":")[0] for part in states[13:-2].split(",")] == list(STATE)


def test_a_question_costs_little_and_its_answer_is_encrypted(template: Template) -> None:
    (workgroup,) = properties(template, "AWS::Athena::WorkGroup")
    held = workgroup["WorkGroupConfiguration"]

    assert held["EnforceWorkGroupConfiguration"] is True
    assert held["BytesScannedCutoffPerQuery"] <= 100_000_000_000
    assert held["ResultConfiguration"]["EncryptionConfiguration"]["EncryptionOption"] == "SSE_S3"


def test_each_dataset_has_a_query_of_its_newest_rows(
    template: Template, synth: Callable[..., Template]
) -> None:
    queries = {
        each["Name"]: each["QueryString"]
        for each in properties(template, "AWS::Athena::NamedQuery")
    }

    assert set(queries) == {f"newest {name.replace('_', ' ')}" for name in DATASETS}
    for name, dataset in DATASETS.items():
        text = queries[f"newest {name.replace('_', ' ')}"]
        assert f'FROM "{name}"' in text
        assert all(f'"{each}"' in text for each in dataset.identity)
    assert not resources(synth(local=True), "AWS::Athena::NamedQuery")
