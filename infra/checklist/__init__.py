"""The design checklist as a program: facts from Terraform or AWS, rules over them, findings."""
