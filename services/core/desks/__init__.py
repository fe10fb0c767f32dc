"""Organisations and the duty desks (值班台) that answer for a matter, and the rules that choose one."""
