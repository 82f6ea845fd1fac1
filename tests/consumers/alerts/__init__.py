"""Every alert of the product against series that make it fire, and series that only just do not; a room for each teller."""
