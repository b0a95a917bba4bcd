"""Microsoft Forms: the pages where people answer, and what became of their answers."""

from local.tenant.forms.pages import routes

__all__ = ["routes"]
