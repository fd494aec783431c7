"""A user's class, function or object as a model, in any family; `agent.models.custom.adapters` lists what is taken."""
