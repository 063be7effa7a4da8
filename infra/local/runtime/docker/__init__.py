"""Tasks as containers: a pause container owns each task's network, the others join it."""
