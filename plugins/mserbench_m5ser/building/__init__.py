"""How a set is built: what is asked, what may enter, the plan, the work, the finished folder."""
