"""Reading a CloudFormation template in tests."""

import json
from collections.abc import Iterator
from typing import Any

Template = dict[str, Any]
Resource = dict[str, Any]


def resources(template: Template, kind: str) -> dict[str, Resource]:
    """Return the resources of one type, by logical id."""
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def properties(template: Template, kind: str) -> list[dict[str, Any]]:
    """Return the properties of every resource of one type."""
    return [each.get("Properties", {}) for each in resources(template, kind).values()]


def functions(template: Template) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return each Lambda's logical id and properties by its folder."""
    return {
        each["Properties"]["Handler"].split(".")[1]: (name, each["Properties"])
        for name, each in resources(template, "AWS::Lambda::Function").items()
    }


def queue_of(template: Template, mapping: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of the queue an event source mapping reads."""
    name = mapping["EventSourceArn"]["Fn::GetAtt"][0]
    queue: dict[str, Any] = template["Resources"][name]["Properties"]
    return queue


def function_of(template: Template, mapping: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the folder and the properties of the Lambda a mapping feeds."""
    name = mapping["FunctionName"]["Ref"]
    function = template["Resources"][name]["Properties"]
    return function["Handler"].split(".")[1], function


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every statement of every role's policy with the Lambda's folder."""
    folders = {
        each["Role"]["Fn::GetAtt"][0]: folder for folder, (_, each) in functions(template).items()
    }
    for policy in properties(template, "AWS::IAM::Policy"):
        (role,) = policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]:
            yield folders[role["Ref"]], statement


def actions(template: Template, folder: str) -> dict[str, set[str]]:
    """Return what a Lambda may do, by what it may do it to."""
    allowed: dict[str, set[str]] = {}
    for owner, statement in statements(template):
        if owner != folder:
            continue
        names = statement["Action"]
        found = statement["Resource"]
        for resource in found if isinstance(found, list) else [found]:
            subject = _short(resource)
            allowed.setdefault(subject, set()).update([names] if isinstance(names, str) else names)
    return allowed


def _short(resource: Any) -> str:
    """Return the construct behind a resource, readable: `QueuesEvents`, `StorageBodies/*`."""
    text = json.dumps(resource)
    if resource == "*":
        return "*"
    if "Fn::If" in resource:  # A restored table, or the stack's own.
        return _short(resource["Fn::If"][2])
    if "parameter/" in text:
        return "endpoint parameters" if "/endpoints/" in text else "parameters"
    if ":identity/*" in text:
        return "identities"
    if "Fn::Join" in text:
        name, (_, parts) = "", resource["Fn::Join"]
        for part in parts:
            name += part if isinstance(part, str) else _short(part)
        return name
    name = resource["Fn::GetAtt"][0] if "Fn::GetAtt" in resource else resource["Ref"]
    return str(name[:-8])
