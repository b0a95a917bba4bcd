"""For all tests: properties are judged by what holds, not by how long a busy machine takes."""

import os

from hypothesis import settings

settings.register_profile("here", deadline=None)
# The same examples at each run: a red build must be reproducible.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
