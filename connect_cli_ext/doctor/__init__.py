"""``ccli doctor``: whether this machine and a project have what they need."""
