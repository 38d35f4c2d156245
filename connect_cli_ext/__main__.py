"""`python -m connect_cli_ext` is `ccli`."""

from connect_cli_ext.main import main

main()
