"""Docket's tests."""
