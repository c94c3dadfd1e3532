"""Generated provider worlds: what the providers would send, and the truth it must add up to."""
