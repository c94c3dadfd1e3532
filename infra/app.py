"""The CDK app: reads the context, builds the stack. Nothing below this module reads either.

`python -m infra.app` writes the cloud assembly; the CDK command line finds it through `cdk.json`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import App, CliCredentialsStackSynthesizer

from infra.bundle import ROOT, BundleError, Bundler
from infra.options import Options
from infra.packages import Target
from infra.stack import PaysignalStack

# Made by the deploy itself, so neither an account nor the emulator has to be bootstrapped first.
ASSETS_BUCKET = "paysignal-assets-${AWS::AccountId}-${AWS::Region}"


def new_app(*, context: Mapping[str, object] | None = None, outdir: str | None = None) -> App:
    """Return an empty app that publishes assets with the credentials of whoever deploys."""
    return App(
        context=context,
        outdir=outdir,
        default_stack_synthesizer=CliCredentialsStackSynthesizer(
            file_assets_bucket_name=ASSETS_BUCKET
        ),
    )


def build(app: App, *, root: Path = ROOT, cache: Path | None = None) -> PaysignalStack:
    """Add the stack to `app`, as the app's context asks for it.

    `root` holds the Lambdas and their lock; `cache` keeps built assets between runs.
    """
    options = Options.of(app.node)
    target = Target.host() if options.local else Target.aws()
    return PaysignalStack(
        app,
        str(app.node.try_get_context("stack_name") or "paysignal"),
        options=options,
        bundler=Bundler(target=target, root=root, cache=cache or root / ".paysignal" / "cache"),
    )


def main() -> None:
    """Synthesise into the folder the CDK names (`cdk.out` where it names none)."""
    app = new_app()
    try:
        build(app)
    except BundleError as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
