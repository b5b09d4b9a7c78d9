"""What pages, API and reports show: queries in, plain values out. They change nothing."""
