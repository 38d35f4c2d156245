"""The DevOps module of Connect on the author's own machine."""
