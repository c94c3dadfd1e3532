"""What the local stack does around the emulator, with fakes in the emulator's place."""

import json
import socket
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from infra.bundle import Asset
from infra.deploy import Assembly
from infra.local import environment, stack
from infra.local.code import update_code
from infra.local.stack import Endpoints, LocalStack, known_port

CORS = {"AllowOrigins": ["https://dashboard.example.com"]}


def assembly(folder: Path, properties: dict[str, Any]) -> Assembly:
    template = {"Resources": {"Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": properties}}}
    (folder / "paysignal.template.json").write_text(json.dumps(template))
    return Assembly.in_folder(folder)


class FakeGateway:
    def __init__(self) -> None:
        self.rules: dict[str, Any] = {}

    def update_api(self, *, ApiId: str, CorsConfiguration: Any) -> None:
        self.rules[ApiId] = CorsConfiguration


@pytest.mark.parametrize(
    ("properties", "rules"), [({"CorsConfiguration": CORS}, {"abc": CORS}), ({}, {})]
)
def test_cors_is_set_again_because_the_emulator_drops_it(
    tmp_path: Path, properties: dict[str, Any], rules: dict[str, Any]
) -> None:
    local = LocalStack(port=1, state_dir=tmp_path)
    gateway: Any = FakeGateway()
    vars(local.aws)["apigatewayv2"] = gateway

    local._set_cors(assembly(tmp_path, properties), "abc")

    assert gateway.rules == rules


def test_a_stack_is_found_again_on_its_port(tmp_path: Path) -> None:
    url = "http://127.0.0.1:4711/_aws/execute-api/abc/$default"
    Endpoints(api_url=url, admin_key="", webhooks={}).write(tmp_path / "endpoints.json")

    assert known_port(tmp_path) == 4711


def test_the_first_start_takes_a_port_that_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setattr(stack, "PORT", taken)

        assert taken < known_port(tmp_path) < taken + 20


class FakeLambda:
    """Two Lambdas of the stack and one of somebody else, with the code they run."""

    def __init__(self, **code: bytes) -> None:
        self.code = code
        self.updated: dict[str, bytes] = {}

    def get_paginator(self, name: str) -> Any:
        assert name == "list_stack_resources"
        return self

    def paginate(self, *, StackName: str) -> list[Any]:
        del StackName
        lambdas = [
            {"ResourceType": "AWS::Lambda::Function", "PhysicalResourceId": name}
            for name in self.code
        ]
        queue = {"ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": "queue"}
        return [{"StackResourceSummaries": [queue, *lambdas]}]

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, str]:
        digest = b64encode(sha256(self.code[FunctionName]).digest()).decode()
        return {"Handler": f"functions.{FunctionName}.handler.handler", "CodeSha256": digest}

    def update_function_code(self, *, FunctionName: str, ZipFile: bytes) -> None:
        self.updated[FunctionName] = ZipFile


def test_only_lambdas_whose_code_has_changed_get_new_code(tmp_path: Path) -> None:
    class FakeBundler:
        def build(self, name: str) -> Asset:
            path = tmp_path / name
            path.write_bytes(b"new " + name.encode())
            return Asset(path=path, hash="", distributions=(), compiled=True)

    lambdas = FakeLambda(query=b"old query", manage=b"new manage")
    aws: Any = type("Aws", (), {"cloudformation": lambdas, "lambda_": lambdas})
    bundler: Any = FakeBundler()

    assert update_code(aws, "paysignal", bundler) == ["query"]
    assert lambdas.updated == {"query": b"new query"}


def test_the_emulator_is_installed_once_for_each_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(environment, "_install", lambda python, lock: installed.append(lock.name))
    monkeypatch.setattr(
        "venv.create", lambda folder, with_pip: folder.mkdir() if with_pip else None
    )
    lock = tmp_path / "emulator.txt"
    said: list[str] = []

    for text in ("ministack==1", "ministack==1", "ministack==2"):
        lock.write_text(text)
        environment.emulator_python(folder=tmp_path / "emulator", lock=lock, say=said.append)

    assert installed == ["emulator.txt"] * 2
    assert len(said) == 2
