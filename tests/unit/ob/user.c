/* SPDX-License-Identifier: MIT */
/*
 * What the services do with a program's bad pointers. Each test boots by itself: cmocka puts its
 * own handler of SIGSEGV in place at the beginning of a test, and ntio's must come later.
 */
#include "obtest.h"

#define BAD ((PVOID)16)

static void BadPointers(void **State)
{
    UNICODE_STRING Target = RTL_CONSTANT_STRING(L"\\Device"), BadName = {8, 8, BAD};
    OBJECT_ATTRIBUTES Attributes;
    ULONG Context = 0;
    HANDLE Event, Directory;
    NAMED Name;
    (void)State;

    assert_int_equal(ntio_boot(NULL), 0);
    AsUser(TRUE);
    assert_status(NtCreateEvent(BAD, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE),
                  STATUS_ACCESS_VIOLATION);
    assert_status(NtCreateEvent(&Event, EVENT_ALL_ACCESS, BAD, NotificationEvent, FALSE),
                  STATUS_ACCESS_VIOLATION);
    InitializeObjectAttributes(&Attributes, BAD, 0, NULL, NULL);
    assert_status(NtCreateEvent(&Event, EVENT_ALL_ACCESS, &Attributes, NotificationEvent, FALSE),
                  STATUS_ACCESS_VIOLATION);
    Attributes.ObjectName = &BadName;
    assert_status(NtOpenEvent(&Event, EVENT_ALL_ACCESS, &Attributes), STATUS_ACCESS_VIOLATION);
    assert_status(NtOpenEvent(BAD, EVENT_ALL_ACCESS, &Attributes), STATUS_ACCESS_VIOLATION);
    assert_status(NtCreateSymbolicLinkObject(&Event, SYMBOLIC_LINK_ALL_ACCESS,
                                             Named(&Name, L"\\??\\L", 0, NULL), &BadName),
                  STATUS_ACCESS_VIOLATION);
    assert_status(NtCreateSymbolicLinkObject(&Event, SYMBOLIC_LINK_ALL_ACCESS,
                                             Named(&Name, L"\\??\\L", 0, NULL), NULL),
                  STATUS_INVALID_PARAMETER);

    assert_ok(NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
    assert_status(NtSetEvent(Event, BAD), STATUS_ACCESS_VIOLATION);
    assert_status(NtWaitForSingleObject(Event, FALSE, BAD), STATUS_ACCESS_VIOLATION);
    assert_status(NtWaitForMultipleObjects(2, BAD, WaitAny, FALSE, NULL), STATUS_ACCESS_VIOLATION);
    assert_status(NtDuplicateObject(NtCurrentProcess(), Event, NtCurrentProcess(), BAD, 0, 0,
                                    DUPLICATE_SAME_ACCESS),
                  STATUS_ACCESS_VIOLATION);
    assert_status(NtQueryEvent(Event, 0, BAD, 8, NULL), STATUS_ACCESS_VIOLATION);
    assert_ok(NtClose(Event));

    assert_ok(NtOpenDirectoryObject(&Directory, GENERIC_READ, Named(&Name, L"\\Device", 0, NULL)));
    assert_status(NtQueryDirectoryObject(Directory, BAD, 512, FALSE, TRUE, &Context, NULL),
                  STATUS_ACCESS_VIOLATION);
    assert_ok(NtClose(Directory));
    assert_ok(NtCreateSymbolicLinkObject(&Event, SYMBOLIC_LINK_ALL_ACCESS,
                                         Named(&Name, L"\\??\\L", 0, NULL), &Target));
    assert_status(NtQuerySymbolicLinkObject(Event, &BadName, NULL), STATUS_ACCESS_VIOLATION);
    assert_ok(NtClose(Event));
    AsUser(FALSE);
    assert_int_equal(ntio_shutdown(), 0);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {cmocka_unit_test(BadPointers)};
    return cmocka_run_group_tests(Tests, NULL, NULL);
}
