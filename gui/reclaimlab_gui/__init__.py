"""The window of reclaimlab: it shows what the core computes and computes nothing itself."""
