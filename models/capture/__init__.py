"""From files to measured faces: reading, landmarks, synchronisation, sides and quality control."""
