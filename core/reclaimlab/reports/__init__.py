"""Reports: a comparison as text for a mail, Markdown, JSON or CSV."""
