"""Backtests, one at a time: an automation asked what it would have fired, and its job told."""
