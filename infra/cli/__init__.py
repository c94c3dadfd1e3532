"""The paysignal command: one module per subcommand."""
