"""The real Pulumi engine running the real program against stand-in providers: no cluster, no daemon, no credentials.

Owns: the stand-ins, their table of facts about the real providers, and the scratch folders that keep a checkout untouched.
Leaves alone: the program. Nothing here knows a component, a spec or a stack of this repository, so that a rehearsal can
prove them wrong. Start at `session.Session`; `python -m rehearsal` is a thin shell around it.
"""
