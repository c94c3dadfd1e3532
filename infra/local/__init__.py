"""The embedded emulator: start it, deploy into it, seed it, stop it."""
