"""The command line: `ccli`, as a program of its own and as a plugin of the public one."""
