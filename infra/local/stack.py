"""The whole stack on this machine: emulator, deploy, first API key, and the file of addresses.

Everything it makes lies in `state_dir`; another folder and port are another, separate stack, which
is how tests run beside a stack in use.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from infra.aws import Aws
from infra.bundle import ROOT, Bundler
from infra.deploy import Assembly, Deployer
from infra.keys import Keys
from infra.local.code import update_code
from infra.local.emulator import Emulator, port_is_free
from infra.local.environment import emulator_python
from infra.local.paypal import PayPalStandIn
from infra.packages import Target
from infra.synth import context_with, synthesise, template_key

NAME = "paysignal"
PORT = 4566
_TRIED = 20
STATE_DIR = ROOT / ".paysignal"
_TOOLS = ROOT / ".paysignal"
# Beside the connections' prefix, not below it.
_TEMPLATE = f"/{NAME}/template"


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Where a running stack answers, and the key that may do everything."""

    api_url: str
    admin_key: str
    webhooks: Mapping[str, str]
    # What a test has to have to speak as a provider whose signatures need more than a secret.
    test_hooks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Endpoints | None:
        """Return what the file says; None where there is no such file."""
        return cls(**json.loads(file.read_text())) if file.is_file() else None

    def write(self, file: Path) -> None:
        """Write the file for its owner alone: it holds a key."""
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self), indent=2) + "\n")


class LocalStack:
    """One stack in one emulator."""

    def __init__(
        self,
        *,
        port: int = PORT,
        state_dir: Path = STATE_DIR,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._say = say
        self._state_dir = state_dir
        self.emulator = Emulator(port=port, state_dir=state_dir, python=self._emulator_python)
        self.aws = Aws(endpoint_url=self.emulator.url)
        self.endpoints_file = state_dir / "endpoints.json"
        self.bundler = Bundler(target=Target.host(), cache=_TOOLS / "cache")
        self._paypal_folder = state_dir / "paypal"

    def up(self) -> Endpoints:
        """Start the emulator, bring the stack up to date with the checkout, and say where it is.

        Raise EmulatorError, InstallError, SynthError, BundleError or DeployError.
        """
        if self.emulator.start():
            self._say(f"emulator started on {self.emulator.url}")
            if how := self.emulator.recovery:
                self._say(f"it had been killed; {how.done} writes since its snapshot made again")
        paypal = PayPalStandIn(self._paypal_folder)
        choices = {"local": True, "stack_name": NAME, "paypal_authority": paypal.authority}
        context = context_with(choices)
        key = template_key(context)
        outputs = Deployer(aws=self.aws, say=self._say).outputs(NAME)
        if not outputs or self._deployed() != key:
            outputs = self._deploy(context)
            self._remember(key)
        for name in update_code(self.aws, NAME, self.bundler):
            self._say(f"new code in {name}")
        hooks = {"paypal": paypal.serve(self.aws, self.emulator.url)}
        endpoints = self._endpoints(outputs, hooks)
        endpoints.write(self.endpoints_file)
        return endpoints

    def down(self) -> bool:
        """Stop the emulator, which then keeps its state; return whether it ran."""
        return self.emulator.stop()

    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs: names and addresses of queues and the table."""
        return Deployer(aws=self.aws, say=self._say).outputs(NAME)

    def _deploy(self, context: Mapping[str, object]) -> dict[str, str]:
        self._say("synthesising the stack")
        assembly = synthesise(context, self._state_dir / "cdk.out")
        outputs = Deployer(aws=self.aws, say=self._say).deploy(assembly, {})
        self._set_cors(assembly, _api_id(outputs))
        return outputs

    def _set_cors(self, assembly: Assembly, api_id: str) -> None:
        """Set the CORS rules of the template once more: the emulator drops them on deploying."""
        resources = json.loads(assembly.template.read_text())["Resources"].values()
        (api,) = (each for each in resources if each["Type"] == "AWS::ApiGatewayV2::Api")
        if rules := api["Properties"].get("CorsConfiguration"):
            self.aws.apigatewayv2.update_api(ApiId=api_id, CorsConfiguration=rules)

    def _endpoints(
        self, outputs: Mapping[str, str], hooks: Mapping[str, Mapping[str, str]]
    ) -> Endpoints:
        url = f"{self.emulator.url}/_aws/execute-api/{_api_id(outputs)}/$default"
        before = Endpoints.read(self.endpoints_file)
        key = before.admin_key if before else ""
        keys = Keys(self.aws, outputs["TableName"])
        if not keys.work(key):
            self._say("making an API key")
            key = keys.create("admin of this machine")
        doors = sorted((ROOT / "functions").glob("ingest_*/handler.py"))
        providers = [door.parent.name.removeprefix("ingest_") for door in doors]
        return Endpoints(
            api_url=url,
            admin_key=key,
            webhooks={name: f"{url}/webhooks/{name}/{{connection_id}}" for name in providers},
            test_hooks=hooks,
        )

    def _emulator_python(self) -> Path:
        lock = ROOT / "requirements" / "emulator.txt"
        return emulator_python(folder=_TOOLS / "emulator", lock=lock, say=self._say)

    def _remember(self, key: str) -> None:
        """Keep the template's key where the stack is kept, so that they are lost together."""
        self.aws.ssm.put_parameter(Name=_TEMPLATE, Value=key, Type="String", Overwrite=True)

    def _deployed(self) -> str:
        client = self.aws.ssm
        try:
            return client.get_parameter(Name=_TEMPLATE)["Parameter"]["Value"]
        except client.exceptions.ParameterNotFound:
            return ""


def _api_id(outputs: Mapping[str, str]) -> str:
    """Return the API's id, the first label of the host it has on AWS."""
    return (urlsplit(outputs["ApiUrl"]).hostname or "").partition(".")[0]


def known_port(state_dir: Path = STATE_DIR) -> int:
    """Return the port this machine's stack was last brought up on, or the first that is free."""
    if endpoints := Endpoints.read(state_dir / "endpoints.json"):
        return urlsplit(endpoints.api_url).port or PORT
    return next((port for port in range(PORT, PORT + _TRIED) if port_is_free(port)), PORT)
