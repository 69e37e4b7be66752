"""What a study found: tables, picture, page."""
