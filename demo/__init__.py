"""`make run`: the whole product on one machine, with stand-ins for what is not configured."""
