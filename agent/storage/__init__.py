"""Agents as files: saved, loaded, described by a model card, and restored from what a browser keeps."""
