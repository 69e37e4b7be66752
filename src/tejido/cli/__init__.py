"""The front door: the command ``tejido``, one file per verb."""
