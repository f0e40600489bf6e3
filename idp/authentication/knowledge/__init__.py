"""What somebody knows beside the phone that they hold."""
