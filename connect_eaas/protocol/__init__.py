"""The wire between runner and platform, without I/O: messages, their codec, and one session machine for both sides."""
