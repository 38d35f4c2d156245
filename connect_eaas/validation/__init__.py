"""Rules over an extension project; returns a report, prints nothing."""
