"""Clocks of promises: until when something is to be done, with pauses, extensions, reminders, escalation and lasting breaches.

Generic: a clock belongs to a subject (type and id) that a domain above knows. semantics.md, *Deadlines*; docs/adr/0026.
"""
