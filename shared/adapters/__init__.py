"""The ports' implementations: one module per outside system, and in-memory twins."""
