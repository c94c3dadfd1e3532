"""Asks providers' APIs for what their events leave out; the answers return through the queue."""
