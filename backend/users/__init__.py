"""The people who use the service and how they prove who they are."""
