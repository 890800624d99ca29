"""Action modules: a folder for each family, and `xive`, `opal` and `shared` for what several of them use."""
