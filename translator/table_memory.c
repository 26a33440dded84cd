#include "translator/table_memory.h"

#include <errno.h>
#include <sys/mman.h>

void *table_memory_new(size_t count, size_t size)
{
	size_t len;
	void *memory;

	if (__builtin_mul_overflow(count, size, &len) || len == 0) {
		errno = ENOMEM;
		return NULL;
	}
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

void table_memory_free(void *memory, size_t count, size_t size)
{
	if (memory)
		(void)munmap(memory, count * size);
}

uint32_t table_memory_buckets(uint32_t count)
{
	uint32_t buckets = 16;

	while (buckets < count && buckets < UINT32_C(1) << 31)
		buckets *= 2;
	return buckets;
}
