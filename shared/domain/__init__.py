"""Pure rules of subscriptions, orders and contacts: no I/O, no AWS, no clock of its own."""
