# netns-core-srcs: the pure part of sa-nat64-netns (configuration and what is there in, steps and conflicts out), also
# linked into tests.
netns-core-srcs := netns/plan.c netns/mark.c netns/seen.c netns/difference.c netns/conflict.c netns/claim_frame.c
# netns-srcs: its edges (netlink, mounts, sysctls, main), only in the program.
netns-srcs := netns/main.c netns/space.c netns/observe.c netns/claim.c netns/steps.c netns/verbs.c netns/show.c netns/pins.c
