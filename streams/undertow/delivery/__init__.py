"""Delivery of issued statements: due ones, to every receiver once, by Kafka, webhook and e-mail. A process of its own."""
