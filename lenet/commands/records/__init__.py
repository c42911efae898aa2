"""What runs say of themselves: lists, single ones, differences; and runs that are in the way."""
