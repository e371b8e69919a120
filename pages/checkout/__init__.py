"""Pages of buying tickets: the cart, the checkout, orders and tickets."""
