"""A simulated Microsoft 365, Azure DevOps, Jira and Jenkins tenant for developers and tests."""
