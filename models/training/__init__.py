"""How the committed learned assets are made; nothing here runs in a reconstruction."""
