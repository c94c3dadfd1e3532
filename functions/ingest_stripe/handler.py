"""Entry of Stripe's door: the scheme that proves Stripe, on the door all providers share."""

from functions.ingest_stripe.signature import event_and_subject, verify
from shared.door import open_door

handler = open_door("stripe", verify, event_and_subject)
