"""Entry of PayPal's door: the scheme that proves PayPal, on the door all providers share.

The transmission's id travels with the body, because it may serve one event only; the processor
sees to that.
"""

import os

from functions.ingest_paypal.certificates import Certificates
from functions.ingest_paypal.signature import Proof, event_and_subject
from shared.door import open_door

handler = open_door(
    "paypal",
    Proof(Certificates.from_environment(os.environ)).verify,
    event_and_subject,
    meaning_headers=("paypal-transmission-id",),
)
