"""The project's images: their Dockerfiles, what builds them, and bases for where no registry is."""
