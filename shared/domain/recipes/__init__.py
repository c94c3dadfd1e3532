"""Recipes: ready automations with a few blanks to fill in, which people install and then edit."""
