"""Brings changed code into running Lambdas without another synthesis: milliseconds, not seconds."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256

from infra.aws import Aws
from infra.bundle import Bundler

_HANDLER = re.compile(r"functions\.(\w+)\.handler\.handler")


def update_code(aws: Aws, stack: str, bundler: Bundler) -> list[str]:
    """Give each Lambda of the stack the asset its folder makes now; return those that changed."""
    changed = []
    for deployed, folder, digest in _lambdas(aws, stack):
        code = bundler.build(folder).path.read_bytes()
        if b64encode(sha256(code).digest()).decode() != digest:
            aws.lambda_.update_function_code(FunctionName=deployed, ZipFile=code)
            changed.append(folder)
    return changed


def _lambdas(aws: Aws, stack: str) -> Iterator[tuple[str, str, str]]:
    """Yield each Lambda's deployed name, its folder and the hash of the code it runs."""
    pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    for page in pages:
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] != "AWS::Lambda::Function":
                continue
            name = resource["PhysicalResourceId"]
            settings = aws.lambda_.get_function_configuration(FunctionName=name)
            if match := _HANDLER.fullmatch(settings["Handler"]):
                yield name, match[1], settings["CodeSha256"]
