"""The table's stream in, firings out: which automations each change sets off."""
