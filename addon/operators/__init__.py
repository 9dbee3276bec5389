"""Operators: they read properties, call one function, and report."""
