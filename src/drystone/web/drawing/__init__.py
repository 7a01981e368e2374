"""What people see: templates, the style, charts, coloured text. Knows no route."""
