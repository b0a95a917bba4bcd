"""What the doors and the timers share: domain, service, adapters and what composes them."""
