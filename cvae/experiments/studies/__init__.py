"""Studies of many trainings, whose results are rows of one file."""
