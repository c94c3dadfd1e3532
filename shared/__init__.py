"""What every Lambda shares: the domain, the providers' meanings, and the only doors to AWS."""
