{ from = "the default file"; }
