"""A second opinion on the views: plain code that shares nothing with the folds."""
