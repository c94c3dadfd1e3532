"""Figures drawn: a report as tables and charts in the terminal, as a page, and as a sheet."""
