"""Profiles of platforms: data, checked and rehearsed."""
