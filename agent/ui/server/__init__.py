"""The server around the page: endpoints, limits, MCP, and the only place that knows the insides of gradio."""
