"""The operations of Elastic Load Balancing, version 2015-12-01: Application Load Balancers."""
