"""The state machine: a general neural state machine of RAM neurons, taught by iconic training (Aleksander)."""
