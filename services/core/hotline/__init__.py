"""Complaints (诉求): received, sent to a desk, answered within their terms."""
