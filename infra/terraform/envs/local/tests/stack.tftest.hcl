mock_provider "aws" {
  source = "../../mocks"
}

run "local" {
  assert {
    condition     = toset(keys(output.services)) == toset(keys(var.services))
    error_message = "the stack does not have the services of the settings file"
  }
}
