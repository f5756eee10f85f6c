"""One progressive MP4 or M4A out of a recording's CMAF segments (ISO/IEC 14496-12). Pure: bytes in, a plan out."""
