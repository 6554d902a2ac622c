"""What is told to the ERP and what it answers: nothing is ordered twice, nothing is lost."""
