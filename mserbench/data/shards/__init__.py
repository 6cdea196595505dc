"""Parquet shards whose rows hold recordings: opened with bounds, read a row group at a time."""
