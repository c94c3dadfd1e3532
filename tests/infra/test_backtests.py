"""The Lambda of backtests, by the template: its room, its time, and what becomes of a crash."""

from tests.infra.templates import Template, functions, properties


def test_a_backtest_has_time_and_room_and_is_begun_once_more(template: Template) -> None:
    name, function = functions(template)["backtest"]

    (invoked,) = [
        each
        for each in properties(template, "AWS::Lambda::EventInvokeConfig")
        if each["FunctionName"] == {"Ref": name}
    ]
    assert (function["Timeout"], function["MemorySize"]) == (900, 2048)
    assert function["EphemeralStorage"] == {"Size": 4096}
    assert invoked["MaximumRetryAttempts"] == 1
