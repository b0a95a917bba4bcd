"""A local Azure Functions host: Microsoft's Python runtime behind HTTP, queues and timers."""
