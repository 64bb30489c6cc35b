"""Published results of takes: versions, measures, curves, streams and files of them."""
