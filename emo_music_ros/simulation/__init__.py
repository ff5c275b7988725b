"""The closed loop without ROS: a virtual player, scripted and seeded listeners, the judge."""
