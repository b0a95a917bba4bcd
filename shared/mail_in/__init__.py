"""Inbound mail: pure functions from raw MIME bytes to what a desk needs to know."""
