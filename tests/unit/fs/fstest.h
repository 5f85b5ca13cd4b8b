/* SPDX-License-Identifier: MIT */
/*
 * fstest.h - what the tests of fs share: a folder of the host mapped as X: (and, to be read alone,
 * as R:), and short ways to open and ask. All calls are the Nt forms, as a program's thread.
 */
#ifndef TESTS_UNIT_FS_FSTEST_H
#define TESTS_UNIT_FS_FSTEST_H

#include "ntio/fs/fsp.h"
#include "ntio/ob/ntob.h"
#include "ntio.h"
#include "tests/support/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* clang-format off */
#define assert_status(expression, status) assert_int_equal((ULONG)(expression), (ULONG)(status))
#define assert_ok(expression) assert_status(expression, STATUS_SUCCESS)
/* clang-format on */

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define READ      (FILE_GENERIC_READ)
#define WRITE     (FILE_GENERIC_WRITE)
#define SYNC      FILE_SYNCHRONOUS_IO_NONALERT

/* The host's folder, without a slash at its end, and its parent, where nothing must be touched. */
extern char folder[PATH_MAX], outside[PATH_MAX];

int fs_setup(void **state);
int fs_teardown(void **state); /* nothing left behind, and the folder goes */

/* A file of the host below the folder. */
void host_write(const char *name, const char *text);
void host_mkdir(const char *name);
void host_remove(const char *name);
bool host_exists(const char *name);
/* Its whole text, in a buffer that the next call reuses; NULL: it is not there. */
const char *host_read(const char *name);

typedef struct opened {
    HANDLE handle;
    ULONG_PTR information;
} opened;
NTSTATUS create_at(HANDLE root, const WCHAR *name, ACCESS_MASK access, ULONG share,
                   ULONG disposition, ULONG options, ULONG attributes, opened *file);
NTSTATUS try_open(const WCHAR *name, ACCESS_MASK access, ULONG disposition, ULONG options);
/* Asserts. */
HANDLE open_file(const WCHAR *name, ACCESS_MASK access, ULONG disposition, ULONG options);
void write_text(HANDLE file, const char *text);
NTSTATUS read_at(HANDLE file, LONGLONG offset, void *buffer, ULONG length, ULONG *done);
NTSTATUS write_at(HANDLE file, LONGLONG offset, const void *buffer, ULONG length);
NTSTATUS query(HANDLE file, FILE_INFORMATION_CLASS class, void *buffer, ULONG length);
NTSTATUS set(HANDLE file, FILE_INFORMATION_CLASS class, void *buffer, ULONG length);
NTSTATUS set_delete(HANDLE file, BOOLEAN delete);
NTSTATUS rename_to(HANDLE file, HANDLE root, const WCHAR *name, BOOLEAN replace, BOOLEAN link);

#endif
