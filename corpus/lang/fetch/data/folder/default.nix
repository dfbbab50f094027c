{ from = "the folder"; }
