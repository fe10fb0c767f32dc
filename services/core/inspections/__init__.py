"""Inspections on site, findings put right by a deadline, acceptance by signboard, credit."""
