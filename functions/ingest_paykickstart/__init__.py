"""PayKickstart's door: prove the campaign that sends, queue the form untouched, acknowledge."""
