"""The demo: a simulated world played through a real broker and a real worker, with the truth beside the figures."""
