"""One folder per Lambda, in the order an event meets them."""
