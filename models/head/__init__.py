"""The head model: topology, skinning, loaders and the committed open head; no fitting here."""
