"""The questions of `ccli project extension bootstrap`: the steps as data, the answers, and a terminal for them."""
