"""HLS and Low-Latency HLS playlists by RFC 8216bis (draft-pantos-hls-rfc8216bis-20): pure text and decisions.

Owns what a playlist says (`media_playlist`, `multivariant`), how it is written and read (`tags` is the one table
of both; `render`, `parse`), what a delta update leaves out (`delta`), what a request asks for (`query`,
`blocking`). It knows neither sockets nor the clock: the origin brings a window and a query string.
"""
