/* Loaded with LD_PRELOAD: the n-th write to a file whose name holds a text fails, and all after it.
 *
 * FAULT_FILE  the text            FAULT_AT  which write is the first to fail, from 1 on; 0: none
 * FAULT_KIND  ENOSPC, EIO, EROFS, SHORT (half of it is written, then ENOSPC), KILL (SIGKILL instead)
 * FAULT_ONCE  only that one fails
 * FAULT_COUNT the file that is told how many writes there were
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long seen;

static int is_ours(int fd)
{
	char link[64], path[PATH_MAX];
	const char *text = getenv("FAULT_FILE");
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (!text || length < 0)
		return 0;
	path[length] = 0;
	return strstr(path, text) != NULL;
}

/* Returns 0 to go on, an errno to fail with, or -1 for half a write. */
static int fault(int fd)
{
	const char *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND"), *count = getenv("FAULT_COUNT");
	long first = at ? atol(at) : 0;
	int is_first;

	if (!is_ours(fd))
		return 0;
	seen++;
	if (count) {
		FILE *file = fopen(count, "w");
		if (file) {
			fprintf(file, "%ld\n", seen);
			fclose(file);
		}
	}
	is_first = seen == first;
	if (!first || seen < first || (getenv("FAULT_ONCE") && !is_first))
		return 0;
	if (!strcmp(kind, "KILL"))
		kill(getpid(), SIGKILL);
	if (!strcmp(kind, "SHORT"))
		return is_first ? -1 : ENOSPC;
	return !strcmp(kind, "EIO") ? EIO : !strcmp(kind, "EROFS") ? EROFS : ENOSPC;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRITE(name, parameters, half, whole)                      \
	ssize_t name parameters                                   \
	{                                                         \
		int error = fault(fd);                            \
		if (error > 0) {                                  \
			errno = error;                            \
			return -1;                                \
		}                                                 \
		return error < 0 ? REAL(name) half : REAL(name) whole; \
	}

WRITE(write, (int fd, const void *data, size_t size), (fd, data, size / 2), (fd, data, size))
WRITE(pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size / 2, at), (fd, data, size, at))
WRITE(pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size / 2, at), (fd, data, size, at))

#define SYNC(name)                                                \
	int name(int fd)                                          \
	{                                                         \
		int error = fault(fd);                            \
		if (error) {                                      \
			errno = error > 0 ? error : EIO;          \
			return -1;                                \
		}                                                 \
		return REAL(name)(fd);                            \
	}

SYNC(fsync)
SYNC(fdatasync)

int ftruncate64(int fd, off64_t size)
{
	int error = fault(fd);

	if (error) {
		errno = error > 0 ? error : EIO;
		return -1;
	}
	return REAL(ftruncate64)(fd, size);
}

int posix_fallocate64(int fd, off64_t offset, off64_t size)
{
	int error = fault(fd);

	return error ? (error > 0 ? error : EIO) : REAL(posix_fallocate64)(fd, offset, size);
}
