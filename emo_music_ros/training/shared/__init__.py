"""What the trainings share: calibration, export, cards, finished steps, reports, baselines."""
