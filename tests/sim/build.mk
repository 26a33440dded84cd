# Simulations of pure parts with a virtual clock; each NAME is tests/sim/sim_NAME.c.
simulations      := replica
sim-support-srcs := tests/sim/network.c tests/sim/host.c
