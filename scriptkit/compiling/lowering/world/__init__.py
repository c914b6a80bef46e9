"""What the evaluator knows of the live instance: values, frames, facts, effects, sources."""
