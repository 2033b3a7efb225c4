"""The checks, one small file each. `filtering/order.py` says which are asked, and when."""
