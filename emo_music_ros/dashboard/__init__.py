"""What people see and steer: a web application with accounts, which knows no ROS."""
