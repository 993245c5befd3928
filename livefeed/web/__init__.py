"""The doors: HTTP in front of the rooms below. A door loads, checks, calls one verb, and responds."""
