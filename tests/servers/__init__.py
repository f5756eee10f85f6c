"""Real servers for tests: each a child process on a free port of loopback, with a folder of its own.

All have the same face (tests.servers.process.Server): start, stop, kill, restart, pause, resume, url. Starting waits,
so a test that restarts one beside a running event loop does it as `await asyncio.to_thread(server.restart)`.
"""
