"""What runs only on a developer's machine: the Functions host, the storage emulator, the tenant."""
