"""The plain program; the engine runs this folder."""
