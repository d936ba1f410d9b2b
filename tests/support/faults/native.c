/* Operations of the C library on files below one folder: counted, and one of them refused, torn or deadly.

   Loaded before a program (LD_PRELOAD), so that what DuckDB and SQLite write themselves goes through here too.
   Nothing happens until drg_arm is called. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[4096];
static size_t folder_length;
static atomic_long passed;
static long number;
static int error, for_good, reads;

/* number    which operation, from 1; 0: none, they are only counted
   error     what it is refused with; 0: the process is killed there, a write when half of it is done
   for_good  every later operation that makes files grow is refused too
   reads     reading is counted instead of writing */
void drg_arm(const char *where, long which, int with, int stays, int reading) {
    atomic_store(&passed, 0);
    number = which, error = with, for_good = stays, reads = reading;
    strncpy(folder, where, sizeof folder - 1);
    folder_length = strlen(folder);
}

long drg_passed(void) { return atomic_load(&passed); }

static int below(const char *path) {
    return folder_length && path && !strncmp(path, folder, folder_length);
}

static int below_at(int at, const char *path) {
    char name[64], place[4096];
    if (!folder_length || !path) return 0;
    if (path[0] == '/') return below(path);
    if (at == AT_FDCWD) return getcwd(place, sizeof place) ? below(place) : 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", at);
    ssize_t length = readlink(name, place, sizeof place - 1);
    if (length < 0) return 0;
    place[length] = 0;
    return below(place);
}

static int below_open(int at) { return folder_length && below_at(at, "."); }

/* Whether this operation is refused (errno is set); `half` is told that a write is torn. */
static int refused(int grows, int reading, int *half) {
    if (reading != reads) return 0;
    long now = atomic_fetch_add(&passed, 1) + 1;
    if (now == number && !error) {
        if (half) {
            *half = 1;
            return 0;
        }
        kill(getpid(), SIGKILL);
    }
    if (number && error && (now == number || (for_good && grows && now > number))) {
        errno = error;
        return 1;
    }
    return 0;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define ON_DESCRIPTOR(name, grows, given, passed_on) \
    int name given { \
        REAL(name); \
        if (below_open(fd) && refused(grows, 0, NULL)) return -1; \
        return real passed_on; \
    }
ON_DESCRIPTOR(fsync, 1, (int fd), (fd))
ON_DESCRIPTOR(fdatasync, 1, (int fd), (fd))
ON_DESCRIPTOR(ftruncate, 1, (int fd, off_t size), (fd, size))
ON_DESCRIPTOR(ftruncate64, 1, (int fd, off64_t size), (fd, size))
ON_DESCRIPTOR(fallocate, 1, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
ON_DESCRIPTOR(posix_fallocate, 1, (int fd, off_t at, off_t size), (fd, at, size))

#define ON_PATH(name, grows, given, passed_on, at, path) \
    int name given { \
        REAL(name); \
        if (below_at(at, path) && refused(grows, 0, NULL)) return -1; \
        return real passed_on; \
    }
ON_PATH(rename, 1, (const char *old, const char *new), (old, new), AT_FDCWD, new)
ON_PATH(renameat, 1, (int from, const char *old, int to, const char *new), (from, old, to, new), to, new)
ON_PATH(link, 1, (const char *old, const char *new), (old, new), AT_FDCWD, new)
ON_PATH(linkat, 1, (int from, const char *old, int to, const char *new, int flags), (from, old, to, new, flags), to, new)
ON_PATH(mkdir, 1, (const char *path, mode_t mode), (path, mode), AT_FDCWD, path)
ON_PATH(mkdirat, 1, (int at, const char *path, mode_t mode), (at, path, mode), at, path)
ON_PATH(unlink, 0, (const char *path), (path), AT_FDCWD, path)
ON_PATH(unlinkat, 0, (int at, const char *path, int flags), (at, path, flags), at, path)
ON_PATH(rmdir, 0, (const char *path), (path), AT_FDCWD, path)

/* Writing and reading: what is torn does half of its work. */
#define ON_BYTES(name, reading, given, arguments) \
    ssize_t name given { \
        REAL(name); \
        int half = 0; \
        if (below_open(fd) && refused(1, reading, &half)) return -1; \
        if (half) { \
            size /= 2; \
            (void)!real arguments; \
            kill(getpid(), SIGKILL); \
        } \
        return real arguments; \
    }
ON_BYTES(write, 0, (int fd, const void *from, size_t size), (fd, from, size))
ON_BYTES(pwrite, 0, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
ON_BYTES(pwrite64, 0, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at))
ON_BYTES(read, 1, (int fd, void *to, size_t size), (fd, to, size))
ON_BYTES(pread, 1, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
ON_BYTES(pread64, 1, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at))

#define ON_OPEN(name, given, at, passed_on) \
    int name given { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list more; \
            va_start(more, flags); \
            mode = va_arg(more, mode_t); \
            va_end(more); \
        } \
        int writes = flags & (O_WRONLY | O_RDWR | O_CREAT); \
        if (below_at(at, path) && refused(writes, !writes, NULL)) return -1; \
        return real passed_on; \
    }
ON_OPEN(open, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
ON_OPEN(open64, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
ON_OPEN(openat, (int from, const char *path, int flags, ...), from, (from, path, flags, mode))
ON_OPEN(openat64, (int from, const char *path, int flags, ...), from, (from, path, flags, mode))
