"""模拟 / A platform a file; each says its looks, its words for what goes wrong, and its interfaces."""
