"""Bugs to plant, each one that a real system has had, to prove that the laws can fail."""
