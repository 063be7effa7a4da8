# The whole stack of the settings file. What is in it is judged by tests/terraform, which reads the
# state that this leaves; here stands what the root itself can say.

mock_provider "aws" {
  source = "../../mocks"
}

run "public" {
  assert {
    condition     = toset(keys(output.services)) == toset(keys(var.services))
    error_message = "the stack does not have the services of the settings file"
  }
}
