"""What another release would have decided: differences, their sum, and who asks for them."""
