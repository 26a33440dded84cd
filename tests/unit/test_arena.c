/* The arena that protobuf-c messages are unpacked into: aligned, bounded, given up as a whole. */
#include "lib/arena.h"
#include "proto/session.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_taken_is_aligned_and_apart(void **state)
{
	struct arena *arena = arena_new(256);
	ProtobufCAllocator *allocator = arena_allocator(arena);
	uint8_t *first = allocator->alloc(allocator->allocator_data, 1);
	uint8_t *second = allocator->alloc(allocator->allocator_data, 24);

	(void)state;
	assert_int_equal((uintptr_t)first % _Alignof(max_align_t), 0);
	assert_int_equal((uintptr_t)second % _Alignof(max_align_t), 0);
	assert_true(second > first);
	allocator->free(allocator->allocator_data, first);
	assert_ptr_not_equal(allocator->alloc(allocator->allocator_data, 1), first);
	arena_free(arena);
}

static void a_full_arena_gives_nothing_until_it_is_cleared(void **state)
{
	struct arena *arena = arena_new(64);
	ProtobufCAllocator *allocator = arena_allocator(arena);

	(void)state;
	assert_null(allocator->alloc(allocator->allocator_data, 65));
	assert_null(allocator->alloc(allocator->allocator_data, SIZE_MAX));
	assert_non_null(allocator->alloc(allocator->allocator_data, 64));
	assert_null(allocator->alloc(allocator->allocator_data, 1));
	arena_clear(arena);
	assert_non_null(allocator->alloc(allocator->allocator_data, 64));
	arena_free(arena);
}

static void a_message_that_does_not_fit_is_refused(void **state)
{
	static const uint8_t bytes[] = { 0x08, 0x01, 0x32, 0x02, 'a', 'b' };
	struct arena *small = arena_new(16), *enough = arena_new(1024);
	SaNat64__Session__Session *session;

	(void)state;
	assert_null(
		sa_nat64__session__session__unpack(arena_allocator(small), sizeof(bytes), bytes));
	session = sa_nat64__session__session__unpack(arena_allocator(enough), sizeof(bytes), bytes);
	assert_non_null(session);
	assert_int_equal(session->proto, 1);
	assert_int_equal(session->host.len, 2);
	arena_free(small);
	arena_free(enough);
	arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_is_aligned_and_apart),
		cmocka_unit_test(a_full_arena_gives_nothing_until_it_is_cleared),
		cmocka_unit_test(a_message_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
