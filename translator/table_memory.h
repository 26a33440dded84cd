/* Memory of the big tables: address space reserved at start, pages taken only when touched. */
#ifndef SA_NAT64_TABLE_MEMORY_H
#define SA_NAT64_TABLE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* count * size zeroed bytes, or NULL with errno set (also when the product overflows). */
void *table_memory_new(size_t count, size_t size);

/* Give back what table_memory_new() with the same sizes returned; NULL accepted. */
void table_memory_free(void *memory, size_t count, size_t size);

/* The smallest power of two that is at least count, 16 or more: bucket counts. */
uint32_t table_memory_buckets(uint32_t count);

#endif
