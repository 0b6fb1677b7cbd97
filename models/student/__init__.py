"""Trains and measures the student: a Temporal activity worker (PyTorch, transformers, peft)."""
