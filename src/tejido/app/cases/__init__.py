"""Cases: pictures that are kept, with what was answered and what was found later. Needs the extra ``cases``."""
