"""What the trainings share: measures, export, finished steps, tables."""
