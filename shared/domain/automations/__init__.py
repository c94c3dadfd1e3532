"""Automations: reading them, telling which of them a change fires, and firing each just once."""
