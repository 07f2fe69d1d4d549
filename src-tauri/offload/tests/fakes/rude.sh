#!/bin/sh
# A sandbox that says something else than it should, and waits.
printf "hello\n"
read -r line
read -r line
