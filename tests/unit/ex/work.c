/* SPDX-License-Identifier: MIT */
/* Work items, callback objects, and the small routines of ex. */
#include "ntio/ex/ex.h"
#include "ntio/mm/mm.h"
#include "ntio/ps/ps.h"
#include "tests/support/host.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

/* ---- work items ---- */

typedef struct seen {
    KEVENT done;
    KIRQL irql;
    PEPROCESS process;
    BOOLEAN system_thread;
    KPROCESSOR_MODE mode;
} seen;

static VOID NTAPI look_around(PVOID Parameter)
{
    seen *s = Parameter;

    s->irql = KeGetCurrentIrql();
    s->process = PsGetCurrentProcess();
    s->system_thread = PsIsSystemThread(PsGetCurrentThread());
    s->mode = ExGetPreviousMode();
    KeSetEvent(&s->done, 0, FALSE);
}

static void test_where_it_runs(void **state)
{
    static const WORK_QUEUE_TYPE types[] = {CriticalWorkQueue, DelayedWorkQueue,
                                            HyperCriticalWorkQueue,
                                            (WORK_QUEUE_TYPE)(CustomPriorityWorkQueue + 13)};
    size_t i;

    (void)state;
    for (i = 0; i < RTL_NUMBER_OF(types); i++) {
        WORK_QUEUE_ITEM item;
        seen s = {0};
        KIRQL old;

        KeInitializeEvent(&s.done, NotificationEvent, FALSE);
        ExInitializeWorkItem(&item, look_around, &s);
        KeRaiseIrql(DISPATCH_LEVEL, &old); /* the first one of a queue starts a thread from here */
        ExQueueWorkItem(&item, types[i]);
        KeLowerIrql(old);
        KeWaitForSingleObject(&s.done, Executive, KernelMode, FALSE, NULL);
        assert_int_equal(s.irql, PASSIVE_LEVEL);
        assert_ptr_equal(s.process, PsInitialSystemProcess);
        assert_true(s.system_thread);
        assert_int_equal(s.mode, KernelMode);
        ExpDrainWorkQueues();
    }
}

typedef struct counted_item {
    WORK_QUEUE_ITEM item;
    LONG again;
} counted_item;

static _Atomic LONG ran;

static VOID NTAPI count_and_requeue(PVOID Parameter)
{
    counted_item *c = Parameter;

    atomic_fetch_add(&ran, 1);
    /* An item may queue itself, and be freed by its last run. */
    if (c->again-- > 0)
        ExQueueWorkItem(&c->item, DelayedWorkQueue);
    else
        ExFreePool(c);
}

static void *queue_many(void *context)
{
    int i;

    (void)context;
    for (i = 0; i < 200; i++) {
        counted_item *c = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*c), 'tseT');
        c->again = 3;
        ExInitializeWorkItem(&c->item, count_and_requeue, c);
        ExQueueWorkItem(&c->item, (i & 1) != 0 ? CriticalWorkQueue : DelayedWorkQueue);
    }
    return NULL;
}

static bool all_ran(void *context)
{
    return atomic_load(&ran) == *(LONG *)context;
}

static void test_many(void **state)
{
    LONG all = 4 * 200 * 4;
    pthread_t thread[4];
    int i;

    (void)state;
    atomic_store(&ran, 0);
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, queue_many, NULL), 0);
    for (i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    assert_true(wait_until(all_ran, &all, 4000));
    ExpDrainWorkQueues();
}

static VOID NTAPI take_a_while(PVOID Parameter)
{
    LARGE_INTEGER interval = {.QuadPart = -200000}; /* 20 ms */

    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    atomic_fetch_add((_Atomic LONG *)Parameter, 1);
}

static void test_drain(void **state)
{
    static WORK_QUEUE_ITEM items[40];
    static _Atomic LONG done;
    size_t i;

    (void)state;
    ExpDrainWorkQueues(); /* nothing to wait for */
    for (i = 0; i < RTL_NUMBER_OF(items); i++) {
        ExInitializeWorkItem(&items[i], take_a_while, (PVOID)&done);
        ExQueueWorkItem(&items[i], i % 2 == 0 ? DelayedWorkQueue : CriticalWorkQueue);
    }
    ExpDrainWorkQueues();
    assert_int_equal(atomic_load(&done), RTL_NUMBER_OF(items));
}

static KEVENT chain[12];

static VOID NTAPI wait_for_the_next(PVOID Parameter)
{
    ULONG_PTR i = (ULONG_PTR)Parameter;

    if (i + 1 < RTL_NUMBER_OF(chain))
        KeWaitForSingleObject(&chain[i + 1], Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&chain[i], 0, FALSE);
}

/* Each item blocks until the one queued after it has run: there must be as many workers. */
static void test_blocked_workers(void **state)
{
    static WORK_QUEUE_ITEM items[RTL_NUMBER_OF(chain)];
    LARGE_INTEGER patience = {.QuadPart = -40000000}; /* 4 s */
    ULONG_PTR i;

    (void)state;
    for (i = 0; i < RTL_NUMBER_OF(chain); i++)
        KeInitializeEvent(&chain[i], NotificationEvent, FALSE);
    for (i = 0; i < RTL_NUMBER_OF(chain); i++) {
        ExInitializeWorkItem(&items[i], wait_for_the_next, (PVOID)i);
        ExQueueWorkItem(&items[i], DelayedWorkQueue);
    }
    assert_int_equal(KeWaitForSingleObject(&chain[0], Executive, KernelMode, FALSE, &patience), 0);
    ExpDrainWorkQueues();
}

static void test_stop_and_start(void **state)
{
    WORK_QUEUE_ITEM item;
    seen s;
    int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        ExpStopWorkers();
        KeInitializeEvent(&s.done, NotificationEvent, FALSE);
        ExInitializeWorkItem(&item, look_around, &s);
        ExQueueWorkItem(&item, DelayedWorkQueue);
        KeWaitForSingleObject(&s.done, Executive, KernelMode, FALSE, NULL);
    }
    ExpDrainWorkQueues();
}

static _Atomic LONG queued_while_stopping;

static VOID NTAPI queue_another(PVOID Parameter)
{
    WORK_QUEUE_ITEM *items = Parameter;

    take_a_while((PVOID)&queued_while_stopping);
    if (items[1].WorkerRoutine != NULL)
        ExQueueWorkItem(&items[1], DelayedWorkQueue);
}

/* What items queue while the workers are being stopped runs as well. */
static void test_queue_while_stopping(void **state)
{
    static WORK_QUEUE_ITEM items[5];
    size_t i;

    (void)state;
    atomic_store(&queued_while_stopping, 0);
    for (i = 0; i + 1 < RTL_NUMBER_OF(items); i++)
        ExInitializeWorkItem(&items[i], queue_another, &items[i]);
    ExQueueWorkItem(&items[0], DelayedWorkQueue);
    ExpStopWorkers();
    assert_int_equal(atomic_load(&queued_while_stopping), 4);
}

/* ---- callback objects ---- */

static ULONG_PTR notified;

static VOID NTAPI note(PVOID CallbackContext, PVOID Argument1, PVOID Argument2)
{
    notified += (ULONG_PTR)CallbackContext + (ULONG_PTR)Argument1 + (ULONG_PTR)Argument2;
}

static void test_callback(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\NtioTest");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object, same;
    PVOID first, second;

    (void)state;
    InitializeObjectAttributes(&attributes, NULL, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_int_equal(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_UNSUCCESSFUL);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_PERMANENT, NULL,
                               NULL);
    assert_int_equal(ExCreateCallback(&object, &attributes, FALSE, TRUE),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    assert_int_equal(ExCreateCallback(&same, &attributes, FALSE, FALSE), STATUS_SUCCESS);
    assert_ptr_equal(same, object);
    ObDereferenceObject(same);

    notified = 0;
    ExNotifyCallback(object, (PVOID)1, (PVOID)2);
    assert_int_equal(notified, 0);
    first = ExRegisterCallback(object, note, (PVOID)10);
    second = ExRegisterCallback(object, note, (PVOID)100);
    assert_non_null(first);
    assert_non_null(second);
    ExNotifyCallback(object, (PVOID)1, (PVOID)2);
    assert_int_equal(notified, 116);
    ExUnregisterCallback(first);
    ExNotifyCallback(object, NULL, NULL);
    assert_int_equal(notified, 216);
    ExUnregisterCallback(second);
    ObMakeTemporaryObject(object);
    ObDereferenceObject(object);
}

static void test_callback_for_one(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\NtioTestOne");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object;
    PVOID first;

    (void)state;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_PERMANENT, NULL,
                               NULL);
    assert_int_equal(ExCreateCallback(&object, &attributes, TRUE, FALSE), STATUS_SUCCESS);
    first = ExRegisterCallback(object, note, NULL);
    assert_non_null(first);
    assert_null(ExRegisterCallback(object, note, NULL));
    ExUnregisterCallback(first);
    first = ExRegisterCallback(object, note, NULL);
    assert_non_null(first);
    ExUnregisterCallback(first);
    ObMakeTemporaryObject(object);
    ObDereferenceObject(object);
}

static KEVENT in_callback, leave_callback;
static _Atomic LONG unregistered;

static VOID NTAPI stay(PVOID CallbackContext, PVOID Argument1, PVOID Argument2)
{
    (void)CallbackContext;
    (void)Argument1;
    (void)Argument2;
    KeSetEvent(&in_callback, 0, FALSE);
    KeWaitForSingleObject(&leave_callback, Executive, KernelMode, FALSE, NULL);
}

static void *notify(void *context)
{
    ExNotifyCallback(context, NULL, NULL);
    return NULL;
}

static void *unregister(void *context)
{
    ExUnregisterCallback(context);
    atomic_store(&unregistered, 1);
    return NULL;
}

static bool is_unregistered(void *context)
{
    (void)context;
    return atomic_load(&unregistered) == 1;
}

/* A registration lasts until its routine has come back. */
static void test_callback_busy(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\NtioTestBusy");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object;
    pthread_t notifier, leaver;
    PVOID registration;

    (void)state;
    KeInitializeEvent(&in_callback, NotificationEvent, FALSE);
    KeInitializeEvent(&leave_callback, NotificationEvent, FALSE);
    InitializeObjectAttributes(&attributes, &name, OBJ_PERMANENT, NULL, NULL);
    assert_int_equal(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    registration = ExRegisterCallback(object, stay, NULL);
    assert_int_equal(pthread_create(&notifier, NULL, notify, object), 0);
    KeWaitForSingleObject(&in_callback, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(pthread_create(&leaver, NULL, unregister, registration), 0);
    assert_false(wait_until(is_unregistered, NULL, 20));
    KeSetEvent(&leave_callback, 0, FALSE);
    assert_true(wait_until(is_unregistered, NULL, 2000));
    pthread_join(notifier, NULL);
    pthread_join(leaver, NULL);
    ObMakeTemporaryObject(object);
    ObDereferenceObject(object);
}

/* ---- small ones ---- */

static void test_uuid(void **state)
{
    GUID a, b;

    (void)state;
    assert_int_equal(ExUuidCreate(&a), STATUS_SUCCESS);
    assert_int_equal(ExUuidCreate(&b), STATUS_SUCCESS);
    assert_memory_not_equal(&a, &b, sizeof(a));
    assert_int_equal(a.Data3 >> 12, 4);
    assert_int_equal(a.Data4[0] & 0xc0, 0x80);
}

static void test_local_time(void **state)
{
    LARGE_INTEGER system = {.QuadPart = 132000000000000000}, local, back;

    (void)state;
    setenv("TZ", "XYZ-5:30", 1); /* POSIX: 5:30 h east */
    tzset();
    ExSystemTimeToLocalTime(&system, &local);
    ExLocalTimeToSystemTime(&local, &back);
    unsetenv("TZ");
    tzset();
    assert_int_equal(local.QuadPart - system.QuadPart, 198000000000);
    assert_int_equal(back.QuadPart, system.QuadPart);
}

static void test_previous_mode(void **state)
{
    (void)state;
    assert_int_equal(ExGetPreviousMode(), KernelMode);
    ExpPreviousMode = UserMode;
    assert_int_equal(ExGetPreviousMode(), UserMode);
    ExpPreviousMode = KernelMode;
    assert_int_equal(ExGetPreviousMode(), KernelMode);
}

static void test_raise(void **state)
{
    static const NTSTATUS expected[] = {STATUS_DEVICE_BUSY, STATUS_ACCESS_VIOLATION,
                                        STATUS_DATATYPE_MISALIGNMENT};
    volatile int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        MMP_GUARD guard;
        NTSTATUS status = MmpEnterGuard(&guard);
        if (status == 0) {
            if (i == 0)
                ExRaiseStatus(STATUS_DEVICE_BUSY);
            if (i == 1)
                ExRaiseAccessViolation();
            ExRaiseDatatypeMisalignment();
        }
        assert_int_equal(status, expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_it_runs),  cmocka_unit_test(test_many),
        cmocka_unit_test(test_drain),          cmocka_unit_test(test_blocked_workers),
        cmocka_unit_test(test_stop_and_start), cmocka_unit_test(test_queue_while_stopping),
        cmocka_unit_test(test_callback),       cmocka_unit_test(test_callback_for_one),
        cmocka_unit_test(test_callback_busy),  cmocka_unit_test(test_uuid),
        cmocka_unit_test(test_local_time),     cmocka_unit_test(test_previous_mode),
        cmocka_unit_test(test_raise),
    };
    return cmocka_run_group_tests_name("ex work", tests, host_setup, host_teardown);
}
