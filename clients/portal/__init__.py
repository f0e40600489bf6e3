"""政务服务网门户: a demo system whose pages any logged-in citizen may use."""
