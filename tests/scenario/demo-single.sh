#!/bin/bash
# `make demo-single`, see demo.sh
# timeout: 120
exec "$(dirname "$0")/demo.sh" demo-single
