"""The Faust worker: whole polls in, one transaction each, positions claimed from the store."""
