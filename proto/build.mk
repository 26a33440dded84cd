# Message definitions; protobuf-c makes build/VARIANT/gen/proto/NAME.pb-c.[ch], included as "proto/NAME.pb-c.h".
proto-files := proto/control.proto proto/session.proto proto/sync.proto proto/feed.proto
