#!/bin/sh
# A sandbox that answers every task with the number of its process. `die` in the code: it ends instead.
printf '{"locks":[]}\n'
n=0
while read -r line; do
  n=$((n + 1))
  case $line in
    *die*) exit 3 ;;
    *hang*) while :; do read -r _ || exit; done ;;
    *garble*) printf 'what?\n' ;;
    *other*) printf '{"id":77,"ending":{"value":{"json":1,"shown":"1"}},"stdout":"","stderr":"","cut":false}\n' ;;
    *forever*) while :; do printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'; done ;;
    *memory*) exit 65 ;;
    *) printf '{"id":%s,"ending":{"value":{"json":%s,"shown":"x"}},"stdout":"","stderr":"","cut":false}\n' "$n" "$$" ;;
  esac
done
