"""What several families share and none owns."""
