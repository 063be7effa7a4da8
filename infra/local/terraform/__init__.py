"""A user's Terraform root, applied by the real terraform and provider onto a plane.

The root's directory is only read, its backend is not used, and nothing leaves this machine.
"""
