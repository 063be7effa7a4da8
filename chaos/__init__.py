"""Drills: act on a target, record what happens, judge the record, draw it."""
