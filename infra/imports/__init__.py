"""An existing ECS service as settings and an image catalogue, so that it can be rehearsed here."""
