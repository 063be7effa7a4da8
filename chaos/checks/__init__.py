"""Pure functions from a recorded run to a finding, one module per subject."""
