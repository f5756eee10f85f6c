"""The archiver: closed segments into the object store, recordings, files made of them, and what may go from the log."""
