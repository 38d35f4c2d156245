"""The websocket endpoint: leases tasks out, takes results in."""
