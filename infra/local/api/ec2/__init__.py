"""EC2's security groups. Everything else of EC2 is the fallback's."""
