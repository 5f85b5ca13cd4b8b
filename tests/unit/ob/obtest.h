/* SPDX-License-Identifier: MIT */
/* obtest.h - what the tests of ob share: boot and shutdown, short ways to say names and attributes,
 * a type that counts. */
#ifndef TESTS_UNIT_OB_OBTEST_H
#define TESTS_UNIT_OB_OBTEST_H

#include "ntio/ob/obp.h"
#include "ntio/ob/ntob.h"
#include "ntio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* clang-format off */
#define assert_status(expression, status) assert_int_equal((ULONG)(expression), (ULONG)(status))
#define assert_ok(expression) assert_status(expression, STATUS_SUCCESS)
/* clang-format on */

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

/* Attributes by text; Name must outlive them. */
typedef struct _NAMED {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
} NAMED;

static inline POBJECT_ATTRIBUTES Named(NAMED *Named, const WCHAR *Text, ULONG Flags, HANDLE Root)
{
    RtlInitUnicodeString(&Named->Name, Text);
    InitializeObjectAttributes(&Named->Attributes, &Named->Name, Flags, Root, NULL);
    return &Named->Attributes;
}

/* Runs as a program's thread would inside a call: previous mode user. */
static inline VOID AsUser(BOOLEAN User)
{
    ExpPreviousMode = User ? UserMode : KernelMode;
}

static inline BOOLEAN NameIs(PVOID Object, const WCHAR *Text)
{
    UNICODE_STRING Name, Expected;
    BOOLEAN Equal;

    if (!NT_SUCCESS(ObpQueryName(Object, &Name)))
        return FALSE;
    RtlInitUnicodeString(&Expected, Text);
    Equal = RtlEqualUnicodeString(&Name, &Expected, FALSE);
    ExFreePool(Name.Buffer);
    return Equal;
}

static inline BOOLEAN Exists(const WCHAR *Text)
{
    NAMED Name;
    PVOID Object;

    if (!NT_SUCCESS(ObpOpenByName(Named(&Name, Text, 0, NULL), NULL, 0, NULL, &Object)))
        return FALSE;
    ObDereferenceObject(Object);
    return TRUE;
}

#endif
