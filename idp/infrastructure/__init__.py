"""The ground floor: clock, ids, cryptography, database, key-value store, outbox, web."""
