"""The stack as code: constructs, bundling, the local emulator and the paysignal command."""
