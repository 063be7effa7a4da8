"""The operations of AWS Cloud Map that Service Connect needs."""
