#!/bin/bash
# Random packets through two translators with the same configuration, one with the fast path and one without: what they
# send must be equal, and the fast path must carry exactly the packets that it can. SEED=N sends others.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
exec "$root/tests/scenario/fastdiff.py" --bin "${BUILD:-$root/build}" --packets 8000 --seed "${SEED:-1}"
