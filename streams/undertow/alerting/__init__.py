"""Who hears of what: Alertmanager's routes made of contracts and recipients, and rules as Kubernetes wants them."""
