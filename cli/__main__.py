"""Makes `python -m cli` the same as the installed `sfpfr`."""

from cli.main import main

main()
