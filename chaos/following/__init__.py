"""Following a deployment to its true end: one of our own (`rehearse deploy`), or anybody's
(`rehearse watch`). `ending`, `why`, `revision` and `outage` are pure; `source` is what calls.
"""
