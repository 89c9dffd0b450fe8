"""Questions to the store and their typed answers: the one read side, for console, API and commands alike.

Each question is a function of a connection in a reading transaction; it never writes. What is asked of a list takes the
``ListView`` and the schema, so that a closed month is read by the catalogue that it was closed under.
"""
