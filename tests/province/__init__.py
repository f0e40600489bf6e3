"""模拟 / The platforms above us, simulated: the province, the state, other provinces, WeChat and Alipay."""
