"""The policies that come with reclaimlab: one file for each kernel and each fix."""
