"""The clock: every minute, what has become due goes back to its queue."""
