"""Reviews: corrections of takes, proposals, and signatures under visits."""
