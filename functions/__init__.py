"""Doors: parse, call, answer."""
