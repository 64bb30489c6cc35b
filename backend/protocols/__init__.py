"""The movement protocol as versioned data: what a site records, in which order and how often."""
