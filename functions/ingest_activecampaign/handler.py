"""Entry of ActiveCampaign's door: the token that proves it, on the door all providers share."""

from functions.ingest_activecampaign.token import event_and_subject, verify
from shared.door import open_door

handler = open_door("activecampaign", verify, event_and_subject, form=True)
