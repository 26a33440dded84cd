#!/bin/bash
# `make demo-single`, see demo.sh
exec "$(dirname "$0")/demo.sh" demo-single
