"""`paysignal deploy`: the same stack into your AWS account, with this shell's credentials."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from botocore.exceptions import NoCredentialsError
from rich.console import Console

from infra.aws import Aws
from infra.cli.command import DEFAULT_STACK, CliError, place_of
from infra.deploy import Deployer
from infra.packages import Target
from infra.synth import context_with, synthesise

SUMMARY = "create or update the stack in your AWS account"
EXAMPLES = """  ./paysignal deploy --email ops@example.com
  ./paysignal deploy --region eu-west-1
  ./paysignal deploy --domain pay.example.com --certificate arn:aws:acm:…

The email and the domain stay until they are changed: a later deploy needs no options.
What else may be chosen stands in cdk.json, under "context"."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--stack", default=DEFAULT_STACK, help="the stack's name")
    parser.add_argument("--region", help="AWS region (default: your configuration's)")
    parser.add_argument("--email", help="address that alarms are sent to")
    parser.add_argument("--domain", help="host name of your own for the API")
    parser.add_argument("--certificate", help="ACM certificate (its ARN) for that host name")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Synthesise for AWS, deploy, and print what to do next."""
    if bool(arguments.domain) != bool(arguments.certificate):
        raise CliError("--domain and --certificate go together.")
    aws = Aws(region=arguments.region)
    if aws.region is None:
        raise CliError("No AWS region is set. Name one: ./paysignal deploy --region eu-west-1")
    try:
        account = aws.sts.get_caller_identity()["Account"]
    except NoCredentialsError as error:
        raise CliError("No AWS credentials were found in this shell.") from error
    console.print(f"[dim]·[/] account {account}, {aws.region}, stack {arguments.stack}")
    if Target.aws().compiler is None:
        console.print(
            "[yellow]·[/] no python3.13 here: assets carry sources only, and a Lambda's first "
            "start takes twice as long"
        )
    given = {
        "AlarmEmail": arguments.email,
        "DomainName": arguments.domain,
        "CertificateArn": arguments.certificate,
    }
    with tempfile.TemporaryDirectory() as folder, console.status("deploying"):
        console.print("[dim]·[/] synthesising the stack")
        assembly = synthesise(context_with({"stack_name": arguments.stack}), Path(folder))
        deployer = Deployer(aws=aws, say=lambda line: console.print(f"[dim]·[/] {line}"))
        outputs = deployer.deploy(assembly, {key: text for key, text in given.items() if text})
    console.print(f"[green]✓[/] deployed: {outputs['ApiUrl']}", soft_wrap=True)
    place = place_of(arguments.stack)
    # Every command after this one looks where the shell points, which may be elsewhere.
    region = f"AWS_REGION={aws.region} " if arguments.region else ""
    console.print(f"\nNext, your first API key:  {region}./paysignal keys create{place}")
    return 0
