"""What model code imports: the base class and the decorators."""
