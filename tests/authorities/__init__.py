"""模拟 / Simulators of the authorities that know people. They share no code with the product."""
