"""Reads over HTTP: every GET of the API, and its documentation."""
