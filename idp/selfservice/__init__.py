"""用户中心: what a person sees and does about the own account."""
