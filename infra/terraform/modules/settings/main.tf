# Who calls whom decides who comes first: a Service Connect client knows the names that existed when
# it was deployed. Terraform cannot order the instances of one for_each, so services stand in tiers.
locals {
  first  = [for name, s in var.services : name if length(s.calls) == 0]
  second = [for name, s in var.services : name if length(s.calls) > 0 && length(setsubtract(s.calls, local.first)) == 0]
  third = [
    for name, s in var.services : name
    if !contains(concat(local.first, local.second), name) && length(setsubtract(s.calls, concat(local.first, local.second))) == 0
  ]

  unplaced = setsubtract(keys(var.services), concat(local.first, local.second, local.third))
}
