"""Backtests: what an automation would have fired, found by the firing code over the change log."""
