# generator-srcs: sa-nat64-generator, which systemd runs at boot and at daemon-reload.
generator-srcs := systemd/generator.c
# Units as systemd reads them but for paths that `make install` fills in.
systemd-units :=
systemd-units += sa-nat64.service sa-nat64.target sa-nat64@.target
systemd-units += sa-nat64-netns@.service sa-nat64-translator@.service sa-nat64-retry@.service
systemd-units += sa-nat64-zebra@.service sa-nat64-bfdd@.service
systemd-units += sa-nat64-syncd.service sa-nat64-healthd.service
systemd-units += sa-nat64-exporter.service
