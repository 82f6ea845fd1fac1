"""Judges one change of a stack: engine events in, a risk report out.

Owns nothing of what it judges: it knows Kubernetes and Docker objects by their published fields, and no component of this
repository. What it cannot read it does not call safe.
"""
