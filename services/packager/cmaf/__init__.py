"""The CMAF writer: init segments and parts as bytes (ISO/IEC 23000-19). Pure: no I/O, no clock, no choice of cuts."""
