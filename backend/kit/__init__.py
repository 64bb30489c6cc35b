"""Tools without a domain: errors, ids, time, keys, pages. Nothing here knows what a patient is."""
