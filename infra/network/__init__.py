"""What a packet may do in a VPC: security groups, routes and endpoints, as pure functions."""
