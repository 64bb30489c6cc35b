"""Break-glass: reading one foreign patient's record in an emergency, never unseen."""
