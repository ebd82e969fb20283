// Loaded before the C library (LD_PRELOAD): makes one call that changes files fail, or kills the process at it.
//
//   GRAMDEX_FAULT_AT      the number of the call, from 1
//   GRAMDEX_FAULT_CODE    the errno that it fails with; ENOSPC (28) lets all later ones fail too; 0 kills the process
//   GRAMDEX_FAULT_COUNTS  a file that gets the number of calls when the process ends
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

// 0, or the errno that this call must fail with.
static int fault(void) {
  long number = atomic_fetch_add(&calls, 1) + 1;
  const char *at = getenv("GRAMDEX_FAULT_AT");
  if (!at) return 0;
  long wanted = atol(at);
  const char *text = getenv("GRAMDEX_FAULT_CODE");
  int code = text ? atoi(text) : EIO;
  if (number < wanted || (number > wanted && code != ENOSPC)) return 0;
  if (code == 0) kill(getpid(), SIGKILL);
  return code;
}

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("GRAMDEX_FAULT_COUNTS");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld\n", atomic_load(&calls));
  fclose(file);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL_IF_DUE                 \
  do {                              \
    int code = fault();             \
    if (code) {                     \
      errno = code;                 \
      return -1;                    \
    }                               \
  } while (0)

ssize_t write(int file, const void *bytes, size_t count) {
  if (file > 2) FAIL_IF_DUE;
  return NEXT(write)(file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  FAIL_IF_DUE;
  return NEXT(pwrite)(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
  FAIL_IF_DUE;
  return NEXT(pwrite64)(file, bytes, count, offset);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  if (file > 2) FAIL_IF_DUE;
  return NEXT(writev)(file, parts, count);
}

int fsync(int file) {
  FAIL_IF_DUE;
  return NEXT(fsync)(file);
}

int fdatasync(int file) {
  FAIL_IF_DUE;
  return NEXT(fdatasync)(file);
}

int ftruncate(int file, off_t size) {
  FAIL_IF_DUE;
  return NEXT(ftruncate)(file, size);
}

int ftruncate64(int file, off64_t size) {
  FAIL_IF_DUE;
  return NEXT(ftruncate64)(file, size);
}

int posix_fallocate(int file, off_t offset, off_t size) {
  int code = fault();
  return code ? code : NEXT(posix_fallocate)(file, offset, size);
}

int posix_fallocate64(int file, off64_t offset, off64_t size) {
  int code = fault();
  return code ? code : NEXT(posix_fallocate64)(file, offset, size);
}

int rename(const char *from, const char *to) {
  FAIL_IF_DUE;
  return NEXT(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) {
  FAIL_IF_DUE;
  return NEXT(mkdir)(path, mode);
}

static int opens_for_writing(int flags) { return (flags & O_CREAT) != 0; }

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  if (opens_for_writing(flags)) FAIL_IF_DUE;
  return NEXT(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  if (opens_for_writing(flags)) FAIL_IF_DUE;
  return NEXT(open64)(path, flags, mode);
}
