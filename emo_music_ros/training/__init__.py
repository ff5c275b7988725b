"""Training and evaluation of the models. The only place that needs torch or scikit-learn."""
