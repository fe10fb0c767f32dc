"""The `jiugai` command: starts, stops and keeps the service, and what an operator does by hand."""
