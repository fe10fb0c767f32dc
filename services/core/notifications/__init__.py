"""Who is told what: events become messages to staff. Listens to every domain, is imported by none."""
