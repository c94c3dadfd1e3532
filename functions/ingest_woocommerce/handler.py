"""Entry of WooCommerce's door: the scheme that proves a shop, on the door all providers share."""

from functions.ingest_woocommerce.signature import MEANING_HEADERS, event_and_subject, verify
from shared.door import open_door

handler = open_door("woocommerce", verify, event_and_subject, meaning_headers=MEANING_HEADERS)
