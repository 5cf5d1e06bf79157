"""Further hooks of our pytest plugin, which ``../event_recorder.py`` registers.

Each module has ``prepare``, which is called when pytest is configured. It returns what
a reader of the report should know, empty if there is nothing.
"""
