"""Service Connect: one Envoy per task, and the members of the names it knows (section 6)."""
