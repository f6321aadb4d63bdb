"""What was trained, how, and what came of it."""
