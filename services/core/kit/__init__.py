"""What every domain stands on: database, unit of work, ledger of jobs, events, audit, errors, exact numbers, calendar."""
