"""Further hooks of our pytest plugin, which ``../event_recorder.py`` registers.

Each module has ``prepare``, which is called when pytest is configured. It returns a
note for the report, empty if there is nothing to note.
"""
