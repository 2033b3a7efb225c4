"""The actions, one small file each. `filtering/pipeline.py` says which verdict takes which."""
