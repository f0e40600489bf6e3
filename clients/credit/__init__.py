"""公共信用查询: a demo system that needs a real-name level of 2."""
