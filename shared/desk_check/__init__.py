"""What is wrong with a desk's files, by file, line and field, with the nearest valid name."""
