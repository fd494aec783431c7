"""The drawing pad: gradio's Sketchpad, and the scripts that adapt it in the browser."""
