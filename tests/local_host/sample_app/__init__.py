"""A function app for the host tests."""
