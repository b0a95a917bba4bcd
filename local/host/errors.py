"""Why the host cannot start, in words for whoever started it."""


class HostError(RuntimeError):
    """Stops the whole host; the message is printed alone, without a traceback."""


class FunctionDroppedError(RuntimeError):
    """Takes one function out; the others are served."""
