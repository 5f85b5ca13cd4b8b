/* SPDX-License-Identifier: MIT */
/* variants.c - references with a tag, and links as a driver's Zw routines make them. */
#include "obtest.h"

static void references_with_a_tag(void **state)
{
    PVOID object, again;
    HANDLE handle;
    NAMED name;

    (void)state;
    assert_ok(ZwCreateEvent(&handle, EVENT_ALL_ACCESS,
                            Named(&name, L"\\TaggedEvent", OBJ_KERNEL_HANDLE, NULL),
                            NotificationEvent, FALSE));
    assert_ok(ObReferenceObjectByHandleWithTag(handle, EVENT_MODIFY_STATE, *ExEventObjectType,
                                               KernelMode, 'tseT', &object, NULL));
    assert_status(ObReferenceObjectByHandleWithTag(handle, 0, *PsThreadType, KernelMode, 'tseT',
                                                   &again, NULL),
                  STATUS_OBJECT_TYPE_MISMATCH);
    assert_ok(ObReferenceObjectByPointerWithTag(object, 0, *ExEventObjectType, KernelMode, 'tseT'));
    assert_status(ObReferenceObjectByPointerWithTag(object, 0, *PsThreadType, KernelMode, 'tseT'),
                  STATUS_OBJECT_TYPE_MISMATCH);
    ObDereferenceObjectDeferDeleteWithTag(object, 'tseT');
    assert_ok(ZwClose(handle));
    /* One reference is left: the object is there still, and goes with it. */
    KeSetEvent(object, IO_NO_INCREMENT, FALSE);
    assert_true(KeReadStateEvent(object) != 0);
    ObDereferenceObjectDeferDeleteWithTag(object, 'tseT');
    ObpDrainDeferred();
}

static void a_link_by_zw_routines(void **state)
{
    UNICODE_STRING target = RTL_CONSTANT_STRING(L"\\Device\\Nowhere");
    WCHAR buffer[32];
    UNICODE_STRING found = {0, sizeof(buffer), buffer};
    HANDLE made, opened;
    NAMED name;

    (void)state;
    assert_ok(ZwCreateSymbolicLinkObject(&made, SYMBOLIC_LINK_ALL_ACCESS,
                                         Named(&name, L"\\??\\Made", OBJ_KERNEL_HANDLE, NULL),
                                         &target));
    assert_status(ZwCreateSymbolicLinkObject(&opened, SYMBOLIC_LINK_ALL_ACCESS,
                                             Named(&name, L"\\??\\Made", OBJ_KERNEL_HANDLE, NULL),
                                             &target),
                  STATUS_OBJECT_NAME_COLLISION);
    assert_ok(ZwOpenSymbolicLinkObject(&opened, SYMBOLIC_LINK_QUERY,
                                       Named(&name, L"\\??\\Made", OBJ_KERNEL_HANDLE, NULL)));
    assert_ok(ZwQuerySymbolicLinkObject(opened, &found, NULL));
    assert_true(RtlEqualUnicodeString(&found, &target, FALSE));
    assert_ok(ZwClose(opened));
    /* Not permanent: it goes with its last handle. */
    assert_ok(ZwClose(made));
    assert_status(ZwOpenSymbolicLinkObject(&opened, SYMBOLIC_LINK_QUERY,
                                           Named(&name, L"\\??\\Made", OBJ_KERNEL_HANDLE, NULL)),
                  STATUS_OBJECT_NAME_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_with_a_tag),
        cmocka_unit_test(a_link_by_zw_routines),
    };

    return cmocka_run_group_tests_name("ob variants", tests, BootGroup, ShutdownGroup);
}
