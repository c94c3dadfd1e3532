"""One parser per payment provider: raw body in, observations out; pure, so a replay equals live."""
