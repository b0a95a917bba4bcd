"""The vendor adapters, against the simulated tenant."""
