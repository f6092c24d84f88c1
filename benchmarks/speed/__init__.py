"""How long things take, how much memory they hold, and the companies that this is measured on."""
