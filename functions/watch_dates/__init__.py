"""The calendar: every hour, the dates that come near are put where the clock finds them."""
