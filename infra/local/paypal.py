"""PayPal's stand-in of this machine: an authority made once, and its certificate served by S3.

The door of the local stack is told the authority's certificate and takes PayPal's certificate from
loopback; a deployment on AWS is told neither. The private key lies beside the stack's state, for
`send` and for anybody's tests to sign with.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from infra.aws import Aws
from infra.samples.paypal_signing import StandIn

_BUCKET = "paypal-stand-in"
_FILES = ("authority", "certificate", "private_key")


class PayPalStandIn:
    """The stand-in whose files lie in `folder`; they are made when they are missing."""

    def __init__(self, folder: Path) -> None:
        self._files = {name: folder / f"{name}.pem" for name in _FILES}
        if not all(file.is_file() for file in self._files.values()):
            self._make(folder)

    @property
    def authority(self) -> str:
        """The authority's certificate, which the local door trusts: PEM text."""
        return self._files["authority"].read_text()

    def serve(self, aws: Aws, emulator_url: str) -> Mapping[str, str]:
        """Put the certificate where the local door may fetch it; return what signing needs."""
        certificate = self._files["certificate"].read_bytes()
        key = f"v1/notifications/certs/CERT-{sha256(certificate).hexdigest()[:32]}"
        aws.s3.create_bucket(Bucket=_BUCKET)
        aws.s3.put_object(Bucket=_BUCKET, Key=key, Body=certificate)
        return {
            "private_key_file": str(self._files["private_key"]),
            "cert_url": f"{emulator_url}/{_BUCKET}/{key}",
        }

    def _make(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        made = StandIn.make()
        for name, file in self._files.items():
            file.touch(mode=0o600)
            file.write_bytes(getattr(made, name))
