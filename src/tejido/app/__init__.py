"""The web app: REST under ``/api/v1`` and the page in ``web/``."""
