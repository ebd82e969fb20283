// What the C library offers beyond what Swift's Glibc module shows.
#ifndef GRAMDEX_MEMORY_H
#define GRAMDEX_MEMORY_H
#include <stddef.h>
#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#endif

/// Gives memory that the allocator keeps after `free` back to the system, where the C library can.
static inline void gramdex_return_freed_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

/// Changes the size of an anonymous mapping and keeps its pages; NULL where the system cannot, and then nothing changes.
void *gramdex_resize_mapping(void *address, size_t bytes, size_t new_bytes);

#endif
