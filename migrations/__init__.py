"""The history of the schema (alembic); `idp migrate` brings a database to its head."""
