"""The Lambdas and what they may do, by the template."""

import inspect
import re
from collections.abc import Callable

import pytest

from infra.bundle import ROOT
from shared import settings
from tests.infra.templates import Template, actions, functions, properties, resources, statements

_CONSUME = {
    "sqs:ReceiveMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueUrl",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
}
_SEND = {"sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
_READ = {"dynamodb:BatchGetItem", "dynamodb:Query"}
_WALK = {"dynamodb:Scan"}
_WRITE = {"dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"}
_INDEXES = {
    "StorageTable/index/by_contact": _READ,
    "StorageTable/index/by_customer": _READ,
}
_STREAM = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}
_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
# A role that grows must be seen to grow: every permission of every Lambda stands here again.
_ALLOWED = {
    "ingest_activecampaign": {
        "Doorsingestactivecampaignlog": _LOG,
        "parameters": {"ssm:GetParameter"},
        "StorageBodies/*": {"s3:PutObject"},
        "QueuesEvents": _SEND,
    },
    "ingest_paykickstart": {
        "Doorsingestpaykickstartlog": _LOG,
        "parameters": {"ssm:GetParameter"},
        "StorageBodies/*": {"s3:PutObject"},
        "QueuesEvents": _SEND,
    },
    "ingest_paypal": {
        "Doorsingestpaypallog": _LOG,
        "parameters": {"ssm:GetParameter"},
        "StorageBodies/*": {"s3:PutObject"},
        "QueuesEvents": _SEND,
    },
    "ingest_stripe": {
        "Doorsingeststripelog": _LOG,
        "parameters": {"ssm:GetParameter"},
        "StorageBodies/*": {"s3:PutObject"},
        "QueuesEvents": _SEND,
    },
    "ingest_woocommerce": {
        "Doorsingestwoocommercelog": _LOG,
        "parameters": {"ssm:GetParameter"},
        "StorageBodies/*": {"s3:PutObject"},
        "QueuesEvents": _SEND,
    },
    "process_events": {
        "Processorprocesseventslog": _LOG,
        "QueuesEvents": _CONSUME | _SEND,
        "QueuesHistory": _CONSUME | _SEND,
        "QueuesCalls": _SEND,
        "QueuesEventsDead": _SEND,
        # Erasing somebody goes through all there is, and removes bodies.
        "StorageBodies/*": {"s3:GetObject", "s3:DeleteObject"},
        # Whom else it has found.
        "LogBucket/erased/*": {"s3:PutObject"},
        "StorageTable": _READ | _WRITE | _WALK,
        **_INDEXES,
    },
    "call_providers": {
        "ProviderCallscallproviderslog": _LOG,
        "QueuesCalls": _CONSUME,
        "parameters": {"ssm:GetParameter"},
        "StorageTable": _READ | _WRITE,
        **_INDEXES,
        "StorageBodies/*": {"s3:PutObject"},
        "QueuesEvents": _SEND,
        "QueuesHistory": _SEND,
    },
    "query": {
        "Apiquerylog": _LOG,
        "StorageTable": _READ,
        **_INDEXES,
        # Bodies of a person's events, for whoever asks what is held about them.
        "StorageBodies/*": {"s3:GetObject"},
        "LogBucket": {"s3:ListBucket"},
        "LogBucket/*": {"s3:GetObject"},
        # An answer too large to send.
        "LogBucket/exports/*": {"s3:PutObject"},
    },
    "manage": {
        "Apimanagelog": _LOG,
        "StorageTable": _READ | _WRITE,
        **_INDEXES,
        "StorageBodies/*": {"s3:GetObject", "s3:PutObject"},
        "parameters": {"ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"},
        "endpoint parameters": {"ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"},
        "QueuesEvents": _SEND,
        "QueuesHistory": _SEND,
        "QueuesAutomations": _SEND,
        "Backtestsbacktest": {"lambda:InvokeFunction"},
        # Who was erased.
        "LogBucket/erased/*": {"s3:PutObject"},
    },
    "backtest": {
        "Backtestsbacktestlog": _LOG,
        "StorageTable": _READ | _WRITE,
        **_INDEXES,
        "LogBucket": {"s3:ListBucket"},
        "LogBucket/*": {"s3:GetObject"},
    },
    "fire_triggers": {
        "Automationsfiretriggerslog": _LOG,
        "StorageTable": _READ | _WRITE | _STREAM,
        **_INDEXES,
        "*": {"dynamodb:ListStreams"},
        "QueuesAutomations": _SEND,
        "QueuesCalls": _SEND,
        "QueuesStreamDead": _SEND,
        "Bus": {"events:PutEvents"},
    },
    "run_automations": {
        "Automationsrunautomationslog": _LOG,
        "StorageTable": _READ | _WRITE,
        **_INDEXES,
        "QueuesAutomations": _CONSUME | _SEND,
        "endpoint parameters": {"ssm:GetParameter"},
        "Bus": {"events:PutEvents"},
        "identities": {"ses:SendEmail"},
    },
    "record_changes": {
        "ChangeLogrecordchangeslog": _LOG,
        "StorageTable": _STREAM,
        "*": {"dynamodb:ListStreams"},
        "QueuesStreamDead": _SEND,
        "LogBucket": {"s3:ListBucket"},
        "LogBucket/*": {"s3:GetObject", "s3:PutObject"},
    },
    "compact_changes": {
        "ChangeLogcompactchangeslog": _LOG,
        "LogBucket": {"s3:ListBucket"},
        "LogBucket/*": {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
    },
    "watch_dates": {
        "Automationswatchdateslog": _LOG,
        "StorageTable": _READ | _WRITE,
        **_INDEXES,
        "LogBucket": {"s3:ListBucket"},
        "LogBucket/*": {"s3:GetObject"},
        "QueuesCalls": _SEND,
        "QueuesHistory": _SEND,
    },
    "wake_due": {
        "Automationswakeduelog": _LOG,
        "StorageTable": _READ | _WRITE,
        **_INDEXES,
        "QueuesAutomations": _SEND,
        "QueuesCalls": _SEND,
    },
}
# One clock: two would wake the same things twice.
_ALONE = {"wake_due": 1}
_VERBS = re.compile(r'\{\s*"(Put|Delete|Update|ConditionCheck)":')
_SETTINGS: dict[str, type[settings.Settings]] = {
    "ingest_activecampaign": settings.DoorSettings,
    "ingest_paykickstart": settings.DoorSettings,
    "ingest_paypal": settings.DoorSettings,
    "ingest_stripe": settings.DoorSettings,
    "ingest_woocommerce": settings.DoorSettings,
    "process_events": settings.ProcessSettings,
    "call_providers": settings.CallSettings,
    "query": settings.QuerySettings,
    "manage": settings.ManageSettings,
    "backtest": settings.BacktestSettings,
    "fire_triggers": settings.FireSettings,
    "run_automations": settings.RunSettings,
    "wake_due": settings.WakeSettings,
    "watch_dates": settings.WatchSettings,
    "record_changes": settings.RecordSettings,
    "compact_changes": settings.CompactSettings,
}


def test_every_lambda_is_known_here(template: Template) -> None:
    assert set(functions(template)) == set(_ALLOWED) == set(_SETTINGS)


@pytest.mark.parametrize("folder", _ALLOWED)
def test_a_lambda_may_do_what_it_does_and_no_more(template: Template, folder: str) -> None:
    assert actions(template, folder) == _ALLOWED[folder]


def test_the_table_module_asks_for_what_its_users_may_do() -> None:
    modules = sorted((ROOT / "shared" / "adapters").glob("table*.py"))
    code = "".join(module.read_text() for module in modules)

    called = set(re.findall(r'call\("(\w+)"', code)) - {"TransactWriteItems"}
    inside = {f"{verb}Item" for verb in _VERBS.findall(code)}

    assert {f"dynamodb:{name}" for name in called | inside} == _READ | _WRITE | _WALK


def test_no_permission_has_a_wildcard_action_or_every_resource(template: Template) -> None:
    for _, statement in statements(template):
        names = statement["Action"]
        assert not any("*" in name for name in ([names] if isinstance(names, str) else names))
        # ListStreams alone knows no resource.
        assert statement["Resource"] != "*" or names == "dynamodb:ListStreams"


def test_every_lambda_has_a_role_of_its_own_and_no_managed_policy(template: Template) -> None:
    roles = [each["Role"]["Fn::GetAtt"][0] for _, each in functions(template).values()]

    assert sorted(roles) == sorted(resources(template, "AWS::IAM::Role"))
    assert not any(each.get("ManagedPolicyArns") for each in properties(template, "AWS::IAM::Role"))


@pytest.mark.parametrize("folder", _SETTINGS)
def test_a_lambda_is_given_the_settings_it_reads_and_no_others(
    template: Template, folder: str
) -> None:
    _, function = functions(template)[folder]

    given = function["Environment"]["Variables"]

    read = {
        name.upper() for part in _SETTINGS[folder].__mro__ for name in inspect.get_annotations(part)
    }
    assert set(given) == read


def test_on_aws_nothing_is_local(template: Template) -> None:
    for _, function in functions(template).values():
        assert function["Environment"]["Variables"]["MODE_LOCAL"] == "0"
        assert function["Environment"]["Variables"].get("CONFIG_CACHE_SECONDS") in (None, "60")


def test_lambdas_run_python_313_on_arm_and_are_not_traced(template: Template) -> None:
    for _, function in functions(template).values():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert "TracingConfig" not in function
        assert "Layers" not in function


def test_doors_have_executions_reserved(template: Template) -> None:
    for folder, (_, function) in functions(template).items():
        expected = 50 if folder.startswith("ingest_") else _ALONE.get(folder)
        assert function.get("ReservedConcurrentExecutions") == expected


def test_no_lambda_has_an_address_of_its_own(template: Template) -> None:
    assert not resources(template, "AWS::Lambda::Url")


def test_every_log_forgets_after_a_month(template: Template) -> None:
    groups = resources(template, "AWS::Logs::LogGroup")
    written = {each["LoggingConfig"]["LogGroup"]["Ref"] for _, each in functions(template).values()}

    assert written < set(groups)
    assert {each["Properties"]["RetentionInDays"] for each in groups.values()} == {30}


def test_query_has_the_room_that_a_log_of_a_million_orders_takes(template: Template) -> None:
    _, function = functions(template)["query"]

    assert function["MemorySize"] == 2048
    assert function["EphemeralStorage"] == {"Size": 2048}


def test_the_calendar_looks_every_hour_and_twice_as_far_ahead(
    template: Template, synth: Callable[..., Template]
) -> None:
    def rate(made: Template) -> str:
        rules = properties(made, "AWS::Events::Rule")
        name, _ = functions(made)["watch_dates"]
        (rule,) = [each for each in rules if name in str(each["Targets"])]
        return str(rule["ScheduleExpression"])

    assert rate(template) == "rate(1 hour)"
    assert rate(synth(local=True)) == "rate(1 minute)"
