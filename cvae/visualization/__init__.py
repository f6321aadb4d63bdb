"""What a reader looks at: figures, GIFs, the explorer in a notebook and as a web page."""
