"""What each report counts and what its figures mean, one module each."""
