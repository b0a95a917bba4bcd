"""A believable month of work for `make run DEMO=1`, played through the same doors as real work.

The stories lie in `mytc.yaml` and `door.yaml`. The player sends each request through its door, lets
people and clients act on it, and moves the shared clock from step to step up to now; so every
mail, card, work item, escalation and automatic closing comes about as it would in a real month.
"""

from local.demo.player import fill

__all__ = ["fill"]
