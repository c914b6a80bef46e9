"""The private and public names of torch that this engine leans on, looked up once."""
