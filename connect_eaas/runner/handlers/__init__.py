"""One module for each category of task: which method is meant, and which argument it gets."""

from connect_eaas.runner.handlers.call import Call, CallPlan, Settled

__all__ = ["Call", "CallPlan", "Settled"]
