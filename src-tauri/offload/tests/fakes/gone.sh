#!/bin/sh
# A sandbox that ends at once.
exit 1
