"""After hand-over: household visits (回访入户) and tickets under warranty (保修)."""
