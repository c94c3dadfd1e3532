"""Messages of automations in: the steps of firings taken, and webhooks posted to endpoints."""
