"""From files to records: readers, shapes, batches."""
