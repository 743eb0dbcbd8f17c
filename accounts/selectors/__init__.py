"""What readers of this floor may see; every selector starts from `policy.scope`. Nothing is changed here but what a look-up costs."""
