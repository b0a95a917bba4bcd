"""Load, decide, commit, ring; deliver; sweep."""
