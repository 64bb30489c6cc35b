"""The `sfpfr` program: arguments, progress and exit codes; the science lives in `models`."""
