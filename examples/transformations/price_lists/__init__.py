"""Converts the prices of spreadsheets and marks large amounts."""
