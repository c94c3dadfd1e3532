"""PayPal's stand-in on this machine: made once, for its owner alone, trusted by its door."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from functions.ingest_paypal.certificates import Certificates
from functions.ingest_paypal.signature import Proof
from infra.cli import senders
from infra.cli.senders import PayPalSender, Wish
from infra.local.paypal import PayPalStandIn
from infra.local.stack import Endpoints
from shared.domain.webhooks import Request


class _Buckets:
    """S3 as far as the stand-in needs it."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.buckets: list[str] = []

    def create_bucket(self, *, Bucket: str) -> None:
        self.buckets.append(Bucket)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[f"/{Bucket}/{Key}"] = Body


def _aws(buckets: _Buckets) -> Any:
    return type("Aws", (), {"s3": buckets})()


def test_stand_in_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    made = PayPalStandIn(tmp_path / "paypal")
    found = PayPalStandIn(tmp_path / "paypal")

    assert made.authority == found.authority
    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "paypal").iterdir()}
    assert modes == dict.fromkeys(["authority.pem", "certificate.pem", "private_key.pem"], 0o600)


def test_what_send_signs_is_what_the_local_door_takes(tmp_path: Path, monkeypatch: Any) -> None:
    buckets, url = _Buckets(), "http://127.0.0.1:4566"
    stand_in = PayPalStandIn(tmp_path / "paypal")
    hooks = {"paypal": stand_in.serve(_aws(buckets), url)}
    Endpoints(api_url=url, admin_key="", webhooks={}, test_hooks=hooks).write(
        tmp_path / "endpoints.json"
    )
    monkeypatch.setattr(senders, "STATE_DIR", tmp_path)
    environ = {"MODE_LOCAL": "1", "PAYPAL_AUTHORITY": stand_in.authority}
    certificates = Certificates.from_environment(environ)
    monkeypatch.setattr(
        certificates, "_fetch", lambda asked: buckets.objects[asked.removeprefix(url)]
    )
    sender, now = PayPalSender(), int(time.time())
    secrets = sender.secrets()

    letters = sender.letters(Wish("PAYMENT.SALE.COMPLETED", "new", "a seed", now), secrets)

    door = Proof(certificates)
    held = {"webhook_ids": [secrets["webhook_id"]]}
    for letter in letters:
        request = Request(
            method="POST", connection_id="", headers=letter.headers, query={}, body=letter.body
        )
        door.verify(request, held, now * 1_000)
    assert letters[-1].type == "PAYMENT.SALE.COMPLETED"
    assert len({letter.headers["paypal-transmission-id"] for letter in letters}) == len(letters)


def test_authority_is_nothing_to_a_deployment_that_is_not_local(tmp_path: Path) -> None:
    authority = PayPalStandIn(tmp_path / "paypal").authority

    trusting = Certificates.from_environment({"MODE_LOCAL": "1", "PAYPAL_AUTHORITY": authority})
    other = Certificates.from_environment({"MODE_LOCAL": "0", "PAYPAL_AUTHORITY": authority})

    assert trusting._stand_in is not None
    assert other._stand_in is None
