"""The models that run beside the loop: `teacher` serves one, `student` trains one."""
