"""The README's runbook and the template's alarms name each other; its commands can be run."""

import re
import shlex

from infra.cli.__main__ import parser
from shared.api.access import ACCESS, pattern
from tests.infra.templates import Template, resources
from tests.support.readme_tables import readme, rows, section

SECTION = "When an alarm rings"


def test_every_alarm_has_a_line_and_every_line_an_alarm(template: Template) -> None:
    alarms = resources(template, "AWS::CloudWatch::Alarm")

    told = [alarm.strip("`") for alarm, *_ in rows(SECTION)]

    assert sorted(told) == sorted(each.removeprefix("Monitoring")[:-8] for each in alarms)


def test_every_line_says_what_to_look_at_and_what_to_do() -> None:
    for alarm, means, look, do in rows(SECTION):
        assert means, alarm
        assert "`" in look, alarm
        assert "`" in do or do.startswith("nothing: "), alarm


def test_every_command_of_the_runbook_can_be_run() -> None:
    commands = re.findall(r"\./paysignal ([a-z][^`\n#;]*)", section(SECTION))

    assert len(commands) > 15
    for each in commands:
        parser().parse_args(each.split())


def test_every_command_of_the_readme_can_be_run() -> None:
    """`keys create --name` stood there for months; the name is positional."""
    fences = re.findall(r"```sh\n(.*?)```", readme(), re.DOTALL)
    lines = re.findall(r"^(?:\S+=\S+ )*\./paysignal (.+)$", "\n".join(fences), re.MULTILINE)

    assert len(lines) >= 40
    for each in lines:
        parser().parse_args(shlex.split(each, comments=True))


def test_every_route_of_the_runbook_exists() -> None:
    told = re.findall(r"`(GET|POST) (/v1/[^`]+)`", section(SECTION))

    assert told
    for method, path in told:
        assert any(verb == method and pattern(route).match(path) for verb, route in ACCESS)
