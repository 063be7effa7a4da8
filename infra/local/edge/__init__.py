"""Where the load balancers' Envoys run: beside the plane, or in a process that outlives it."""
