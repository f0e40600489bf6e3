"""Upstream identity platforms: a province, a city, the state. One engine; a platform is a profile, which is data."""
