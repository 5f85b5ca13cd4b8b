/* SPDX-License-Identifier: MIT */
/* cmtest.h - what the tests of cm share. */
#ifndef TESTS_UNIT_CM_CMTEST_H
#define TESTS_UNIT_CM_CMTEST_H

#include "ntio/cm/cmp.h"
#include "ntio/cm/ntcm.h"
#include "ntio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define assert_status(expression, status) assert_int_equal((ULONG)(expression), (ULONG)(status))
#define assert_ok(expression)             assert_status(expression, STATUS_SUCCESS)

#define SERVICES L"\\Registry\\Machine\\System\\CurrentControlSet\\Services"
#define TEST     SERVICES L"\\Test"

static inline int BootGroup(void **State)
{
    (void)State;
    return ntio_boot(NULL) == 0 ? 0 : -1;
}

static inline int ShutdownGroup(void **State)
{
    (void)State;
    return ntio_shutdown() == 0 ? 0 : -1;
}

typedef struct _NAMED {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
} NAMED;

static inline POBJECT_ATTRIBUTES Named(NAMED *Named, const WCHAR *Text, ULONG Flags, HANDLE Root)
{
    RtlInitUnicodeString(&Named->Name, Text);
    InitializeObjectAttributes(&Named->Attributes, &Named->Name, Flags | OBJ_CASE_INSENSITIVE, Root,
                               NULL);
    return &Named->Attributes;
}

static inline NTSTATUS CreateKey(HANDLE *Key, const WCHAR *Path, HANDLE Root, ULONG Options,
                                 ULONG *Disposition)
{
    NAMED Name;

    return ZwCreateKey(Key, KEY_ALL_ACCESS, Named(&Name, Path, OBJ_KERNEL_HANDLE, Root), 0, NULL,
                       Options, Disposition);
}

static inline NTSTATUS OpenKey(HANDLE *Key, const WCHAR *Path, HANDLE Root)
{
    NAMED Name;

    return ZwOpenKey(Key, KEY_ALL_ACCESS, Named(&Name, Path, OBJ_KERNEL_HANDLE, Root));
}

static inline NTSTATUS SetValue(HANDLE Key, const WCHAR *Text, ULONG Type, const VOID *Data,
                                ULONG Bytes)
{
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, Text);
    return ZwSetValueKey(Key, &Name, 0, Type, (PVOID)Data, Bytes);
}

#endif
