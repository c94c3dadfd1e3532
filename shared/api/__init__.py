"""What `query` and `manage` share: the routes' access, keys, requests, problem answers."""
