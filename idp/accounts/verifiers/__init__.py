"""Plug-ins that verify who somebody is: one file per method."""
