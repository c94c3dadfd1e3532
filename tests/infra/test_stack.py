"""The template as a whole: what reviewers of AWS stacks look for, and what differs locally."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import ManualArgs, lint

from infra.app import build, new_app
from infra.bundle import ROOT, BundleError
from tests.infra.templates import Template, functions, properties, resources

# Alike everywhere, so judged once: what the CDK writes, and what only a parameter's default is.
_CFN_LINT_IGNORED = (
    "W3005",  # the CDK repeats dependencies that a reference states already
    "W1030",  # the certificate is empty only where the condition leaves the domain out
)


def test_nothing_found_by_cdk_nag_is_left_without_a_reason(synth: Callable[..., Template]) -> None:
    synth(AwsSolutionsChecks)


def test_nothing_found_by_cdk_nag_is_left_with_a_customer_key(
    synth: Callable[..., Template],
) -> None:
    synth(AwsSolutionsChecks, customer_key=True)


def test_cfn_lint_finds_nothing(template: Template) -> None:
    found = lint(json.dumps(template), config=ManualArgs(ignore_checks=list(_CFN_LINT_IGNORED)))

    assert [str(each) for each in found] == []


def test_the_local_stack_differs_in_its_assets_and_few_settings_only(
    template: Template, synth: Callable[..., Template]
) -> None:
    # Others read the same templates.
    template, local = deepcopy(template), deepcopy(synth(local=True))

    for stack in (template, local):
        for _, function in functions(stack).values():
            del function["Code"]["S3Key"]
            for name in ("MODE_LOCAL", "CONFIG_CACHE_SECONDS"):
                function["Environment"]["Variables"].pop(name, None)
    for stack in (template, local):
        # For one person who waits for a number or a date; the emulator knows no named queries.
        del _calendar(stack)["ScheduleExpression"]
        for mapping in properties(stack, "AWS::Lambda::EventSourceMapping"):
            mapping.pop("MaximumBatchingWindowInSeconds", None)
        for name in resources(stack, "AWS::Athena::NamedQuery"):
            del stack["Resources"][name]
    assert local == template


def _calendar(stack: Template) -> dict[str, Any]:
    """Return the rule by which `watch_dates` is invoked."""
    name = functions(stack)["watch_dates"][0]
    rules = properties(stack, "AWS::Events::Rule")
    return next(each for each in rules if name in json.dumps(each["Targets"]))


def test_deploying_needs_no_bootstrapped_account(template: Template) -> None:
    assert set(template["Parameters"]) == {
        "AlarmEmail",
        "DomainName",
        "CertificateArn",
        "RestoredTable",
        "RestoredStream",
    }
    assert "Rules" not in template


def test_a_lambda_without_a_handler_stops_the_synthesis_in_words(tmp_path: Path) -> None:
    (tmp_path / "functions" / "ingest_acme").mkdir(parents=True)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "runtime.txt").write_text(
        (ROOT / "requirements" / "runtime.txt").read_text()
    )

    with pytest.raises(BundleError, match=r"functions/ingest_acme/handler\.py does not exist"):
        build(new_app(outdir=str(tmp_path / "out")), root=tmp_path, cache=tmp_path / "cache")


def test_every_bucket_is_named_for_one_account_and_region(synth: Callable[..., Template]) -> None:
    code: Any = functions(synth())["query"][1]["Code"]

    assert code["S3Bucket"] == {"Fn::Sub": "paysignal-assets-${AWS::AccountId}-${AWS::Region}"}


def test_the_authority_of_paypals_stand_in_reaches_the_local_door_alone(
    synth: Callable[..., Template],
) -> None:
    told = {}
    for local in (True, False):
        made = functions(synth(local=local, paypal_authority="PEM"))
        told[local] = [
            folder
            for folder, (_, function) in made.items()
            if "PAYPAL_AUTHORITY" in function["Environment"]["Variables"]
        ]

    assert told == {True: ["ingest_paypal"], False: []}
