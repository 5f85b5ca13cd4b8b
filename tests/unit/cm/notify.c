/* SPDX-License-Identifier: MIT */
/* notify.c - ZwNotifyChangeKey as a driver calls it: by an event, by a work item of its own. */
#include "tests/unit/cm/cmtest.h"

static HANDLE watched, event_handle;
static PKEVENT event;
static KEVENT worked;
static WORK_QUEUE_ITEM item;

static int setup(void **state)
{
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    if (BootGroup(state) != 0 || CreateKey(&watched, TEST, NULL, 0, NULL) != 0)
        return -1;
    return ZwCreateEvent(&event_handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE) ==
                       0 &&
                   ObReferenceObjectByHandle(event_handle, EVENT_ALL_ACCESS, *ExEventObjectType,
                                             KernelMode, (PVOID *)&event, NULL) == 0
               ? 0
               : -1;
}

static int teardown(void **state)
{
    ObDereferenceObject(event);
    ZwClose(event_handle);
    if (watched != NULL)
        ZwClose(watched);
    return ShutdownGroup(state);
}

static NTSTATUS watch(IO_STATUS_BLOCK *status, ULONG filter, BOOLEAN tree)
{
    status->Status = STATUS_PENDING;
    return ZwNotifyChangeKey(watched, event_handle, NULL, NULL, status, filter, tree, NULL, 0,
                             TRUE);
}

static void an_event_is_set(void **state)
{
    IO_STATUS_BLOCK status;
    (void)state;
    assert_status(watch(&status, 0, FALSE), STATUS_INVALID_PARAMETER);
    assert_status(watch(&status, 0x10, FALSE), STATUS_INVALID_PARAMETER);
    assert_status(watch(&status, REG_NOTIFY_CHANGE_LAST_SET, FALSE), STATUS_PENDING);
    assert_ok(CmpSetUlong(TEST L"\\Sub", L"x", 1));
    assert_int_equal(KeReadStateEvent(event), 0);
    assert_status(status.Status, STATUS_PENDING);
    assert_ok(CmpSetUlong(TEST, L"x", 1));
    assert_int_equal(KeReadStateEvent(event), 1);
    assert_status(status.Status, STATUS_NOTIFY_ENUM_DIR);
    assert_status(watch(&status, REG_NOTIFY_CHANGE_NAME, TRUE), STATUS_PENDING);
    assert_int_equal(KeReadStateEvent(event), 0); /* it was reset */
    assert_ok(CmpCreateKey(TEST L"\\Sub\\Deep"));
    assert_int_equal(KeReadStateEvent(event), 1);
    /* Two at a time; the deletion above counts for what is above. */
    IO_STATUS_BLOCK second;
    assert_status(watch(&status, REG_NOTIFY_CHANGE_NAME, FALSE), STATUS_PENDING);
    assert_status(watch(&second, REG_NOTIFY_CHANGE_NAME, TRUE), STATUS_PENDING);
    assert_ok(CmpDeleteTree(TEST L"\\Sub"));
    assert_status(status.Status, STATUS_NOTIFY_ENUM_DIR);
    assert_status(second.Status, STATUS_NOTIFY_ENUM_DIR);
}

static VOID NTAPI work(PVOID context)
{
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

static void a_work_item_runs(void **state)
{
    LARGE_INTEGER limit = {.QuadPart = -100000000}; /* 10 s */
    IO_STATUS_BLOCK status = {.Status = STATUS_PENDING};
    (void)state;
    KeInitializeEvent(&worked, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, work, &worked);
    assert_status(ZwNotifyChangeKey(watched, NULL, (PIO_APC_ROUTINE)(ULONG_PTR)&item,
                                    (PVOID)(ULONG_PTR)DelayedWorkQueue, &status,
                                    REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE),
                  STATUS_PENDING);
    assert_ok(CmpSetUlong(TEST, L"x", 2));
    assert_ok(KeWaitForSingleObject(&worked, Executive, KernelMode, FALSE, &limit));
    assert_status(status.Status, STATUS_NOTIFY_ENUM_DIR);
}

static void a_close_and_a_deletion_end_it(void **state)
{
    IO_STATUS_BLOCK status;
    (void)state;
    assert_status(watch(&status, REG_NOTIFY_CHANGE_NAME, TRUE), STATUS_PENDING);
    assert_ok(ZwClose(watched));
    assert_status(status.Status, STATUS_NOTIFY_CLEANUP);
    assert_int_equal(KeReadStateEvent(event), 1);
    assert_status(watch(&status, REG_NOTIFY_CHANGE_NAME, TRUE), STATUS_INVALID_HANDLE);
    assert_ok(OpenKey(&watched, TEST, NULL));
    assert_status(watch(&status, REG_NOTIFY_CHANGE_NAME, TRUE), STATUS_PENDING);
    assert_ok(CmpDeleteTree(TEST));
    assert_status(status.Status, STATUS_NOTIFY_CLEANUP);
    assert_status(watch(&status, REG_NOTIFY_CHANGE_NAME, TRUE), STATUS_KEY_DELETED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_set),
        cmocka_unit_test(a_work_item_runs),
        cmocka_unit_test(a_close_and_a_deletion_end_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
