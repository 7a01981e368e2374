"""What people decided (licence reviews, opt-outs), in SQL. Knows nothing of builds."""
