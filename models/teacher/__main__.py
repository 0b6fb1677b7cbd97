"""`python -m models.teacher`: the same as `python models/teacher/serve.py`."""

from models.teacher.serve import main

main()
