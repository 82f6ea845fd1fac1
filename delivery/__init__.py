"""What the workflows in .github/workflows run: reports of a pull request, a release stack by stack, the issue about drift.

Owns: what is said on GitHub, through `gh` alone, and the order of a release. Leaves judging to `review`, going back to
`rollback`. What runs with a right to write on GitHub needs the standard library only, and takes no word of a pull request for code.
"""
