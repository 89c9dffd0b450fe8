"""Faults on purpose: what is stopped, cut or broken while events flow, and what must hold afterwards."""
