"""What the program costs beside a plain one that registers the same resources: `python -m benchmarks`."""
