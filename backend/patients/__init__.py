"""Patients: their record, identity, care teams, merging; what was done to them is elsewhere."""
