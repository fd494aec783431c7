"""Parts of tabs: cards, and what a session keeps for them."""
