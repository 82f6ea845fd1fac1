"""Stand-ins for the provider plugins, and their table of facts about the real ones.

Owns: what the engine is told about a package. A fact stands in one of the data modules (`replacements`, `computed`) together
with its source; the rest is machinery.
"""
