"""PayPal's door: prove the sender by its certificate, queue the body untouched, acknowledge."""
