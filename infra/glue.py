"""The change log as tables of Athena, for questions that one Lambda is too small for.

The tables lie over `history/`: every version of every document, a quarter of an hour behind. A row
may be there twice for an hour, while files are merged, and rows of before a rebuild stay; so a
question begins with the newest rows of the highest epoch, as the named queries do.
"""

# ruff: noqa: S608  # The texts are made of names and paths of our own.

from __future__ import annotations

import re

from aws_cdk import Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.change_log import ANSWERS
from shared.domain.change_log.schema import DATASETS, Dataset

_SCALARS = {"VARCHAR": "string", "BIGINT": "bigint", "INTEGER": "int", "BOOLEAN": "boolean"}
_FIELD = re.compile(r'"(\w+)" (\w+)')
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


class Tables(Construct):
    """One database with a table per dataset, a workgroup that holds costs down, and queries."""

    def __init__(
        self, scope: Construct, name: str, *, bucket: s3.IBucket, prefix: str, local: bool
    ) -> None:
        super().__init__(scope, name)
        self.database = prefix.lower().replace("-", "_")
        account = Stack.of(self).account
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database, description="paysignal's change log: every version of all."
            ),
        )
        for dataset in DATASETS.values():
            self._table(dataset, bucket, account).add_resource_dependency(database)
        workgroup = self._workgroup(prefix, bucket)
        self.workgroup = workgroup.name
        if not local:  # The emulator's CloudFormation knows no named queries.
            for dataset in DATASETS.values():
                query = athena.CfnNamedQuery(
                    self,
                    f"Newest{dataset.name.title().replace('_', '')}",
                    database=self.database,
                    name=f"newest {dataset.name.replace('_', ' ')}",
                    description="The newest row of each, without those that are gone.",
                    query_string=newest_query(dataset),
                    work_group=self.workgroup,
                )
                query.add_resource_dependency(workgroup)

    def _table(self, dataset: Dataset, bucket: s3.IBucket, account: str) -> glue.CfnTable:
        columns = [
            glue.CfnTable.ColumnProperty(name=name, type=glue_type(kind))
            for name, kind in dataset.columns.items()
        ]
        return glue.CfnTable(
            self,
            dataset.name.title().replace("_", ""),
            catalog_id=account,
            database_name=self.database,
            table_input=glue.CfnTable.TableInputProperty(
                name=dataset.name,
                table_type="EXTERNAL_TABLE",
                parameters={"classification": "parquet"},
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=columns,
                    location=f"s3://{bucket.bucket_name}/history/{dataset.name}/",
                    input_format=f"{_PARQUET}.MapredParquetInputFormat",
                    output_format=f"{_PARQUET}.MapredParquetOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library=f"{_PARQUET}.serde.ParquetHiveSerDe"
                    ),
                ),
            ),
        )

    def _workgroup(self, name: str, bucket: s3.IBucket) -> athena.CfnWorkGroup:
        group = athena.CfnWorkGroup
        return group(
            self,
            "Workgroup",
            name=name,
            description="Questions to paysignal's change log.",
            recursive_delete_option=True,
            work_group_configuration=group.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                # A slip of a query costs half a dollar at most.
                bytes_scanned_cutoff_per_query=100_000_000_000,
                result_configuration=group.ResultConfigurationProperty(
                    output_location=f"s3://{bucket.bucket_name}/{ANSWERS}",
                    encryption_configuration=group.EncryptionConfigurationProperty(
                        encryption_option="SSE_S3"
                    ),
                ),
            ),
        )


def newest_query(dataset: Dataset) -> str:
    """Return the query of a dataset's newest rows, in Athena's SQL."""
    identity = ", ".join(f'"{name}"' for name in dataset.identity)
    columns = ", ".join(f'"{name}"' for name in dataset.columns)
    return f"""SELECT {columns}
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY {identity} ORDER BY version DESC, position
  ) AS turn
  FROM "{dataset.name}"
  WHERE epoch = (SELECT max(epoch) FROM "{dataset.name}")
) AS versions
WHERE turn = 1 AND deleted IS DISTINCT FROM true
"""


def glue_type(kind: str) -> str:
    """Return a column's type as Glue has it. Raise KeyError for one that it has not."""
    if kind.endswith("[]"):
        return f"array<{glue_type(kind.removesuffix('[]'))}>"
    if kind.startswith("STRUCT("):
        fields = ",".join(f"{name}:{_SCALARS[each]}" for name, each in _FIELD.findall(kind))
        return f"struct<{fields}>"
    return _SCALARS[kind]
