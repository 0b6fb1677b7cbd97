"""Serves a local GGUF over the OpenAI protocol (llama.cpp)."""
