"""What `make run` does when it starts, stops, and cannot."""
