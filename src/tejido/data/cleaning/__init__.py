"""From what sources and tables say to one clean manifest: joined, settled, every removal explained."""
