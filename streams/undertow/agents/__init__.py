"""The only rooms that import Faust: thin loops around the stages, the wiring, and the transport below them."""
