/* SPDX-License-Identifier: MIT */
/*
 * iotest.h - what the tests of io share: a driver whose dispatch routines are the test's, opening
 * by name, reading.
 */
#ifndef TESTS_UNIT_IO_IOTEST_H
#define TESTS_UNIT_IO_IOTEST_H

#include "ntio/io/iop.h"
#include "ntio/ob/ntob.h"
#include "ntio.h"
#include "tests/support/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* clang-format off */
#define assert_status(expression, status) assert_int_equal((ULONG)(expression), (ULONG)(status))
#define assert_ok(expression) assert_status(expression, STATUS_SUCCESS)
/* clang-format on */

/* The extension of every device of the test driver. */
typedef struct test_device {
    DRIVER_DISPATCH *dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1]; /* NULL: succeed with 0 bytes */
    _Atomic int count[IRP_MJ_MAXIMUM_FUNCTION + 1];
    PDEVICE_OBJECT self, lower;
    NTSTATUS create_status;
    PVOID context;
    KSPIN_LOCK lock;
    LIST_ENTRY queue;
} test_device;

/* A driver \Driver\Name; its DriverUnload deletes what is left of its devices. */
PDRIVER_OBJECT test_driver(const WCHAR *name);
/* The routine is DriverEntry's end; the driver's other fields are set already. */
NTSTATUS test_driver_with(const WCHAR *name, NTSTATUS (*entry)(PDRIVER_OBJECT, PUNICODE_STRING),
                          PDRIVER_OBJECT *driver);
/* A device of it, ready to be opened. name may be NULL. */
PDEVICE_OBJECT test_device_make(PDRIVER_OBJECT driver, const WCHAR *name, ULONG flags);
PDEVICE_OBJECT test_device_make_type(PDRIVER_OBJECT driver, const WCHAR *name, ULONG flags,
                                     DEVICE_TYPE type, BOOLEAN exclusive);
static inline test_device *ext(PDEVICE_OBJECT device)
{
    return device->DeviceExtension;
}
/* A device of the driver above another one. */
PDEVICE_OBJECT test_device_above(PDRIVER_OBJECT driver, PDEVICE_OBJECT lower);
/* Detaches (where it is attached) and deletes. */
void test_device_delete(PDEVICE_OBJECT device);

/* Ends an IRP. */
NTSTATUS finish(PIRP irp, NTSTATUS status, ULONG_PTR information);

NTSTATUS test_open(const WCHAR *name, ACCESS_MASK access, ULONG share, ULONG options,
                   HANDLE *handle);
/* Synchronous (waits by itself) or not; asserts. */
HANDLE test_open_sync(const WCHAR *name);
HANDLE test_open_async(const WCHAR *name);
HANDLE test_event(EVENT_TYPE type);

static inline void as_user(BOOLEAN user)
{
    ExpPreviousMode = user ? UserMode : KernelMode;
}

/* A thread of the host that runs routine; test_join waits for its end. */
typedef struct test_thread {
    pthread_t thread;
    void (*routine)(void *);
    void *context;
} test_thread;
void test_start(test_thread *thread, void (*routine)(void *), void *context);
void test_join(test_thread *thread);

/* Waits for a kernel event, 5 s at most; false: it did not come. */
bool test_wait(PKEVENT event);

#endif
