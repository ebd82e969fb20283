#define _GNU_SOURCE
#include "gramdex_memory.h"

#include <sys/mman.h>

void *gramdex_resize_mapping(void *address, size_t bytes, size_t new_bytes) {
#if defined(__linux__)
  void *moved = mremap(address, bytes, new_bytes, MREMAP_MAYMOVE);
  return moved == MAP_FAILED ? NULL : moved;
#else
  (void)address;
  (void)bytes;
  (void)new_bytes;
  return NULL;
#endif
}
