"""Archives to take away: asked for by people, built by workers, checked against consent."""
