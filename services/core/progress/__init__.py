"""Weekly checks, monthly rankings, bulletins and period reports."""
