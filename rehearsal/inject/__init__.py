"""On the PYTHONPATH of a rehearsed program; Python itself imports `sitecustomize` from here."""
