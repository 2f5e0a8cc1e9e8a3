// Something must be compiled for the precompiled header to belong to.
