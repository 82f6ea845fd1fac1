"""What tests are written with: a program's resources as data, without an engine."""
