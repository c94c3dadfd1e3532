"""The table and the bucket of bodies, by the template."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.infra.templates import Resource, Template, properties, resources


def test_the_table_survives_mistakes(template: Template) -> None:
    (table,) = resources(template, "AWS::DynamoDB::Table").values()

    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    recovery = table["Properties"]["PointInTimeRecoverySpecification"]
    assert recovery["PointInTimeRecoveryEnabled"] is True


def test_the_table_has_the_keys_and_indexes_the_code_asks_for(template: Template) -> None:
    (table,) = properties(template, "AWS::DynamoDB::Table")

    indexes = {
        each["IndexName"]: ([key["AttributeName"] for key in each["KeySchema"]], each["Projection"])
        for each in table["GlobalSecondaryIndexes"]
    }

    assert [each["AttributeName"] for each in table["KeySchema"]] == ["pk", "sk"]
    assert indexes == {
        "by_contact": (["gsi1pk", "gsi1sk"], {"ProjectionType": "KEYS_ONLY"}),
        "by_customer": (["gsi2pk", "gsi2sk"], {"ProjectionType": "KEYS_ONLY"}),
    }
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_bodies_are_private_encrypted_and_kept_as_long_as_their_events(template: Template) -> None:
    (bucket,) = named(template, "AWS::S3::Bucket", "StorageBodies")

    assert bucket["DeletionPolicy"] == "Retain"
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketEncryption" in bucket["Properties"]
    rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {each.get("Prefix"): each["ExpirationInDays"] for each in rules} == {
        None: 400,
        "imports/": 30,
    }
    assert {each["Status"] for each in rules} == {"Enabled"}


def test_the_buckets_refuse_plain_http(template: Template) -> None:
    policies = properties(template, "AWS::S3::BucketPolicy")

    assert len(policies) == len(resources(template, "AWS::S3::Bucket"))
    for policy in policies:
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Action"] == "s3:*"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_awss_own_keys_encrypt_unless_a_customer_key_is_asked_for(
    template: Template, synth: Callable[..., Template]
) -> None:
    own = synth(customer_key=True)

    assert not resources(template, "AWS::KMS::Key")
    ((key, _),) = resources(own, "AWS::KMS::Key").items()
    (table,) = properties(own, "AWS::DynamoDB::Table")
    for bucket in properties(own, "AWS::S3::Bucket"):
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        encryption = rule["ServerSideEncryptionByDefault"]
        assert encryption["KMSMasterKeyID"] == {"Fn::GetAtt": [key, "Arn"]}
    assert table["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    assert all(each["KmsMasterKeyId"] for each in properties(own, "AWS::SQS::Queue"))


def named(template: Template, kind: str, prefix: str) -> list[Resource]:
    found = resources(template, kind).items()
    return [resource for name, resource in found if name.startswith(prefix)]


def test_a_restored_table_takes_the_place_of_the_stacks_own_wherever_that_is_named(
    template: Template,
) -> None:
    """What went on writing to the old table would lose it."""
    ((own, _),) = resources(template, "AWS::DynamoDB::Table").items()

    for switched, reference in _references(template, own, switched=False):
        assert switched, reference
    assert len(list(_references(template, own, switched=False))) > 20
    for name in ("RestoredTable", "RestoredStream"):
        assert template["Parameters"][name]["Default"] == ""
    assert template["Conditions"]["IsRestored"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "RestoredTable"}, ""]}]
    }


def _references(part: Any, own: str, *, switched: bool) -> Iterator[tuple[bool, Any]]:
    """Yield what names a resource, and whether it stands behind the switch."""
    if isinstance(part, dict):
        named = part.get("Ref") == own or (part.get("Fn::GetAtt") or [""])[0] == own
        if named:
            yield switched, part
        for key, value in part.items():
            behind = key == "Fn::If" and value[0] == "IsRestored"
            yield from _references(value, own, switched=switched or behind)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value, own, switched=switched)
