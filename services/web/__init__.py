"""What people print: pages and sheets from plain data. Server-rendered, no script, nothing from anywhere else."""
