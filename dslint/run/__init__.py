"""A run: from paths and settings to a report."""
