"""What people did with what was recommended, in groups that are large enough to hide a person."""
