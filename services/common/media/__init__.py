"""Media as bytes: units, codec configurations and the boxes that CMAF and MP4 are made of. Pure: no I/O, no clock."""
