"""Checks of infra/: syntax, policies, and the Bicep CLI's own build where it is installed."""
