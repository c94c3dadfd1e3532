"""Entry of PayKickstart's door: the rules that prove a campaign, on the door of all providers."""

from functions.ingest_paykickstart.signature import event_and_subject, verify
from shared.door import open_door

handler = open_door("paykickstart", verify, event_and_subject, form=True)
