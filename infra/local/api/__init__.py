"""The AWS APIs of the plane: parsed, validated and answered from botocore's service models."""
