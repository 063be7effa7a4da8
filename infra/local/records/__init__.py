"""The plane's records on disk, for the plane that comes after one that was killed."""
