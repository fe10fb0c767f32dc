"""Devices that were offline: what they push, what they pull."""
