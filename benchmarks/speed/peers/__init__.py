"""What a competent user would write instead: each a script of its own, in its own process."""
