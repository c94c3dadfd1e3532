"""Writes over HTTP: connections, keys, settings, contacts, retries of quarantined events."""
