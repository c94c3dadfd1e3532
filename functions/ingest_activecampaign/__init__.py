"""ActiveCampaign's door: prove the sender by the address's token, queue the form, acknowledge."""
