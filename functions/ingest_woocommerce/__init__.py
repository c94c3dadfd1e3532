"""WooCommerce's door: prove the sender, queue the body untouched, acknowledge."""
