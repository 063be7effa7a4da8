"""Loads: what a load run is held to, and how it is run, judged, compared and merged."""
