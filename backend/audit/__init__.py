"""The audit log: who did or saw what, only added to, chained so that a gap is found."""
