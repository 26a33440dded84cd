/* Memory for protobuf-c messages of one turn: a block of fixed size, taken from front to back and
 * given up as a whole. So what a stranger sends costs a bounded amount and no call of malloc().
 *
 *	arena_clear(arena);
 *	message = foo__unpack(arena_allocator(arena), len, bytes);    NULL also when it is full
 *
 * Messages need no free_unpacked(); they live until the next arena_clear().
 */
#ifndef SA_NAT64_ARENA_H
#define SA_NAT64_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct arena;

/* size bytes; pages that are never touched cost nothing. NULL when memory ends. */
struct arena *arena_new(size_t size);
void arena_free(struct arena *arena); /* NULL accepted */

/* Everything taken so far is given up. */
void arena_clear(struct arena *arena);

/* Valid as long as the arena. Its free() does nothing. */
ProtobufCAllocator *arena_allocator(struct arena *arena);

#endif
