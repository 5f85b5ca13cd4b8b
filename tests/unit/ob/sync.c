/* SPDX-License-Identifier: MIT */
/* Events, semaphores, mutants by handle and by name; waiting. */
#include "obtest.h"

#include <pthread.h>

static LARGE_INTEGER Now = {.QuadPart = 0};
static LARGE_INTEGER Bound = {.QuadPart = -50000000}; /* 5 s */

static void EventsByHandle(void **State)
{
    OBP_EVENT_BASIC_INFORMATION Basic;
    HANDLE Notification, Synchronization;
    ULONG Length;
    LONG Before;
    (void)State;

    assert_ok(ZwCreateEvent(&Notification, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
    assert_ok(ZwCreateEvent(&Synchronization, EVENT_ALL_ACCESS, NULL, SynchronizationEvent, TRUE));
    assert_status(ZwCreateEvent(&Notification, EVENT_ALL_ACCESS, NULL, (EVENT_TYPE)2, FALSE),
                  STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwWaitForSingleObject(Notification, FALSE, &Now), STATUS_TIMEOUT);
    assert_ok(ZwSetEvent(Notification, &Before));
    assert_int_equal(Before, 0);
    assert_ok(ZwSetEvent(Notification, &Before));
    assert_int_equal(Before, 1);
    assert_ok(ZwWaitForSingleObject(Notification, FALSE, &Now));
    assert_ok(ZwWaitForSingleObject(Notification, FALSE, NULL));
    assert_ok(ZwQueryEvent(Notification, 0, &Basic, sizeof(Basic), &Length));
    assert_int_equal(Basic.EventType, NotificationEvent);
    assert_int_equal(Basic.EventState, 1);
    assert_int_equal(Length, sizeof(Basic));
    assert_ok(ZwResetEvent(Notification, &Before));
    assert_int_equal(Before, 1);
    assert_ok(ZwClearEvent(Notification));
    assert_int_equal(ZwWaitForSingleObject(Notification, FALSE, &Now), STATUS_TIMEOUT);

    assert_ok(ZwWaitForSingleObject(Synchronization, FALSE, &Now));
    assert_int_equal(ZwWaitForSingleObject(Synchronization, FALSE, &Now), STATUS_TIMEOUT);
    assert_ok(ZwQueryEvent(Synchronization, 0, &Basic, sizeof(Basic), NULL));
    assert_int_equal(Basic.EventType, SynchronizationEvent);
    assert_int_equal(Basic.EventState, 0);
    assert_status(ZwQueryEvent(Synchronization, 1, &Basic, sizeof(Basic), NULL),
                  STATUS_INVALID_INFO_CLASS);
    assert_status(ZwQueryEvent(Synchronization, 0, &Basic, 4, NULL), STATUS_INFO_LENGTH_MISMATCH);
    assert_ok(ZwClose(Notification));
    assert_ok(ZwClose(Synchronization));
    assert_status(ZwSetEvent(Notification, NULL), STATUS_INVALID_HANDLE);
    assert_status(ZwWaitForSingleObject(Notification, FALSE, &Now), STATUS_INVALID_HANDLE);
}

static void NamedEvents(void **State)
{
    HANDLE First, Second, Third;
    NAMED Name;
    (void)State;

    assert_status(ZwOpenEvent(&Second, EVENT_ALL_ACCESS,
                              Named(&Name, L"\\BaseNamedObjects\\Shared", 0, NULL)),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(ZwCreateEvent(&First, EVENT_ALL_ACCESS,
                            Named(&Name, L"\\BaseNamedObjects\\Shared", 0, NULL), NotificationEvent,
                            FALSE));
    assert_status(ZwCreateEvent(&Second, EVENT_ALL_ACCESS,
                                Named(&Name, L"\\BaseNamedObjects\\Shared", 0, NULL),
                                NotificationEvent, FALSE),
                  STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(ZwCreateEvent(&Second, EVENT_ALL_ACCESS,
                                   Named(&Name, L"\\BaseNamedObjects\\SHARED", OBJ_OPENIF, NULL),
                                   NotificationEvent, FALSE),
                     STATUS_OBJECT_NAME_EXISTS);
    assert_ok(ZwOpenEvent(&Third, EVENT_ALL_ACCESS,
                          Named(&Name, L"\\BaseNamedObjects\\Shared", OBJ_KERNEL_HANDLE, NULL)));
    assert_ok(ZwSetEvent(First, NULL));
    assert_ok(ZwWaitForSingleObject(Second, FALSE, &Now));
    assert_ok(ZwWaitForSingleObject(Third, FALSE, &Now));
    assert_status(NtOpenSemaphore(&Second, SEMAPHORE_ALL_ACCESS,
                                  Named(&Name, L"\\BaseNamedObjects\\Shared", 0, NULL)),
                  STATUS_OBJECT_TYPE_MISMATCH);
    assert_ok(ZwClose(First));
    assert_ok(ZwClose(Third));
    assert_true(Exists(L"\\BaseNamedObjects\\Shared"));
    assert_ok(ZwClose(Second));
    assert_false(Exists(L"\\BaseNamedObjects\\Shared"));
}

static void IoEvents(void **State)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\IoEvent");
    HANDLE First, Second;
    PKEVENT Event, Same;
    (void)State;

    Event = IoCreateNotificationEvent(&Name, &First);
    assert_non_null(Event);
    assert_int_equal(KeReadStateEvent(Event), 1); /* a new one is signalled */
    assert_true((LONG_PTR)First < 0);
    KeClearEvent(Event);
    Same = IoCreateNotificationEvent(&Name, &Second);
    assert_ptr_equal(Same, Event);
    assert_int_equal(KeReadStateEvent(Event), 0);
    assert_int_equal(ObpHandleCount(Event), 2);
    assert_int_equal(ObpReferenceCount(Event), 2);
    assert_ptr_equal(ObpTypeOf(Event), *ExEventObjectType);
    assert_ok(ZwClose(First));
    assert_ok(ZwClose(Second));

    Event = IoCreateSynchronizationEvent(&Name, &First);
    assert_non_null(Event);
    assert_ok(KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &Now));
    assert_int_equal(KeReadStateEvent(Event), 0);
    assert_ok(ZwClose(First));
    RtlInitUnicodeString(&Name, L"\\None\\IoEvent");
    assert_null(IoCreateSynchronizationEvent(&Name, &First));
}

static void Semaphores(void **State)
{
    HANDLE Semaphore, Same;
    LONG Before;
    NAMED Name;
    (void)State;

    assert_status(NtCreateSemaphore(&Semaphore, SEMAPHORE_ALL_ACCESS, NULL, 0, 0),
                  STATUS_INVALID_PARAMETER);
    assert_status(NtCreateSemaphore(&Semaphore, SEMAPHORE_ALL_ACCESS, NULL, 3, 2),
                  STATUS_INVALID_PARAMETER);
    assert_status(NtCreateSemaphore(&Semaphore, SEMAPHORE_ALL_ACCESS, NULL, -1, 2),
                  STATUS_INVALID_PARAMETER);
    assert_ok(NtCreateSemaphore(&Semaphore, SEMAPHORE_ALL_ACCESS,
                                Named(&Name, L"\\BaseNamedObjects\\Sem", 0, NULL), 1, 2));
    assert_ok(
        NtOpenSemaphore(&Same, SYNCHRONIZE, Named(&Name, L"\\BaseNamedObjects\\Sem", 0, NULL)));
    assert_ok(ZwWaitForSingleObject(Same, FALSE, &Now));
    assert_int_equal(ZwWaitForSingleObject(Same, FALSE, &Now), STATUS_TIMEOUT);
    assert_ok(NtReleaseSemaphore(Semaphore, 2, &Before));
    assert_int_equal(Before, 0);
    assert_status(NtReleaseSemaphore(Semaphore, 1, &Before), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    assert_status(NtReleaseSemaphore(Semaphore, 0, &Before), STATUS_INVALID_PARAMETER);
    AsUser(TRUE);
    assert_status(NtReleaseSemaphore(Same, 1, NULL), STATUS_ACCESS_DENIED);
    AsUser(FALSE);
    assert_ok(ZwClose(Semaphore));
    assert_ok(ZwClose(Same));
}

static void *TryMutant(void *Argument)
{
    HANDLE *Handles = Argument;
    NTSTATUS *Answers = (NTSTATUS *)(Handles + 2);

    Answers[0] = NtReleaseMutant(Handles[0], NULL);
    Answers[1] = NtWaitForSingleObject(Handles[0], FALSE, &Now);
    Answers[2] = NtWaitForSingleObject(Handles[1], FALSE, &Now); /* taken, and never given back */
    return NULL;
}

static void Mutants(void **State)
{
    struct {
        HANDLE Handles[2];
        NTSTATUS Answers[3];
    } Other;
    HANDLE Free, Owned;
    pthread_t Thread;
    LONG Before;
    (void)State;

    assert_ok(NtCreateMutant(&Owned, MUTANT_ALL_ACCESS, NULL, TRUE));
    assert_ok(NtCreateMutant(&Free, MUTANT_ALL_ACCESS, NULL, FALSE));
    assert_status(NtReleaseMutant(Free, NULL), STATUS_MUTANT_NOT_OWNED);
    assert_ok(NtWaitForSingleObject(Owned, FALSE, &Now)); /* recursive */
    Other.Handles[0] = Owned;
    Other.Handles[1] = Free;
    assert_int_equal(pthread_create(&Thread, NULL, TryMutant, &Other), 0);
    pthread_join(Thread, NULL);
    assert_status(Other.Answers[0], STATUS_MUTANT_NOT_OWNED);
    assert_int_equal(Other.Answers[1], STATUS_TIMEOUT);
    assert_ok(Other.Answers[2]);
    /* Its owner has ended. */
    assert_int_equal(NtWaitForSingleObject(Free, FALSE, &Bound), STATUS_ABANDONED);
    assert_ok(NtReleaseMutant(Free, &Before));
    assert_int_equal(Before, 0);
    assert_ok(NtReleaseMutant(Owned, &Before));
    assert_int_equal(Before, -1);
    assert_ok(NtReleaseMutant(Owned, &Before));
    assert_int_equal(Before, 0);
    assert_status(NtReleaseMutant(Owned, &Before), STATUS_MUTANT_NOT_OWNED);
    assert_ok(ZwClose(Owned));
    assert_ok(ZwClose(Free));
}

static void *TakeAndWait(void *Argument)
{
    HANDLE *Handles = Argument; /* mutant, taken, go on */

    if (NtWaitForSingleObject(Handles[0], FALSE, &Now) != STATUS_SUCCESS)
        return Argument;
    NtSetEvent(Handles[1], NULL);
    NtWaitForSingleObject(Handles[2], FALSE, &Bound);
    return NULL;
}

/* The last handle of a mutant goes while it is owned: by the closing thread, and by another that
 * ends later. */
static void OwnedMutantGoes(void **State)
{
    HANDLE Handles[3];
    pthread_t Thread;
    void *Failed;
    (void)State;

    assert_ok(NtCreateMutant(&Handles[0], MUTANT_ALL_ACCESS, NULL, TRUE));
    assert_ok(ZwClose(Handles[0]));

    assert_ok(NtCreateMutant(&Handles[0], MUTANT_ALL_ACCESS, NULL, FALSE));
    assert_ok(ZwCreateEvent(&Handles[1], EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
    assert_ok(ZwCreateEvent(&Handles[2], EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
    assert_int_equal(pthread_create(&Thread, NULL, TakeAndWait, Handles), 0);
    assert_ok(ZwWaitForSingleObject(Handles[1], FALSE, &Bound));
    assert_ok(ZwClose(Handles[0]));
    assert_ok(ZwSetEvent(Handles[2], NULL));
    pthread_join(Thread, &Failed);
    assert_null(Failed);
    assert_ok(ZwClose(Handles[1]));
    assert_ok(ZwClose(Handles[2]));
}

static void WaitMultiple(void **State)
{
    HANDLE Handles[MAXIMUM_WAIT_OBJECTS + 1], Directory;
    NAMED Name;
    (void)State;

    for (ULONG i = 0; i < MAXIMUM_WAIT_OBJECTS; i++)
        assert_ok(ZwCreateEvent(&Handles[i], EVENT_ALL_ACCESS, NULL, SynchronizationEvent, FALSE));
    assert_status(ZwWaitForMultipleObjects(0, Handles, WaitAny, FALSE, &Now),
                  STATUS_INVALID_PARAMETER_1);
    assert_status(ZwWaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS + 1, Handles, WaitAny, FALSE, &Now),
                  STATUS_INVALID_PARAMETER_1);
    assert_status(ZwWaitForMultipleObjects(2, Handles, WaitDequeue, FALSE, &Now),
                  STATUS_INVALID_PARAMETER_3);
    assert_int_equal(ZwWaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS, Handles, WaitAny, FALSE, &Now),
                     STATUS_TIMEOUT);
    assert_ok(ZwSetEvent(Handles[63], NULL));
    assert_int_equal(ZwWaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS, Handles, WaitAny, FALSE, NULL),
                     63);
    assert_ok(ZwSetEvent(Handles[0], NULL));
    assert_int_equal(ZwWaitForMultipleObjects(2, Handles, WaitAll, FALSE, &Now), STATUS_TIMEOUT);
    assert_ok(ZwSetEvent(Handles[1], NULL));
    assert_ok(ZwWaitForMultipleObjects(2, Handles, WaitAll, FALSE, &Now));
    assert_int_equal(ZwWaitForMultipleObjects(2, Handles, WaitAny, FALSE, &Now), STATUS_TIMEOUT);

    HANDLE Twice[2] = {Handles[0], Handles[0]};
    assert_status(ZwWaitForMultipleObjects(2, Twice, WaitAll, FALSE, &Now),
                  STATUS_INVALID_PARAMETER_MIX);
    assert_int_equal(ZwWaitForMultipleObjects(2, Twice, WaitAny, FALSE, &Now), STATUS_TIMEOUT);
    Twice[1] = (HANDLE)0x7ffc;
    assert_status(ZwWaitForMultipleObjects(2, Twice, WaitAny, FALSE, &Now), STATUS_INVALID_HANDLE);
    assert_ok(ZwOpenDirectoryObject(&Directory, GENERIC_READ, Named(&Name, L"\\Device", 0, NULL)));
    assert_status(ZwWaitForSingleObject(Directory, FALSE, &Now), STATUS_OBJECT_TYPE_MISMATCH);
    Twice[1] = Directory;
    assert_status(ZwWaitForMultipleObjects(2, Twice, WaitAny, FALSE, &Now),
                  STATUS_OBJECT_TYPE_MISMATCH);
    AsUser(TRUE);
    HANDLE Deaf;
    assert_ok(NtCreateEvent(&Deaf, EVENT_MODIFY_STATE, NULL, NotificationEvent, TRUE));
    assert_status(NtWaitForSingleObject(Deaf, FALSE, &Now), STATUS_ACCESS_DENIED);
    assert_ok(NtClose(Deaf));
    AsUser(FALSE);
    assert_ok(ZwClose(Directory));
    for (ULONG i = 0; i < MAXIMUM_WAIT_OBJECTS; i++)
        assert_ok(ZwClose(Handles[i]));
}

/* A wait outlives the handle that it began with. */
static void *CloseThenSet(void *Argument)
{
    HANDLE *Handles = Argument;

    NtWaitForSingleObject(Handles[0], FALSE, &Bound); /* the main thread goes to wait */
    NtClose(Handles[1]);
    NtSetEvent(Handles[2], NULL);
    return NULL;
}

static void CloseWhileWaiting(void **State)
{
    HANDLE Handles[3];
    pthread_t Thread;
    (void)State;

    assert_ok(ZwCreateEvent(&Handles[0], EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
    assert_ok(ZwCreateEvent(&Handles[1], EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
    assert_ok(ZwDuplicateObject(NtCurrentProcess(), Handles[1], NtCurrentProcess(), &Handles[2], 0,
                                0, DUPLICATE_SAME_ACCESS));
    assert_int_equal(pthread_create(&Thread, NULL, CloseThenSet, Handles), 0);
    HANDLE Waited = Handles[1];
    assert_ok(ZwSetEvent(Handles[0], NULL));
    NTSTATUS Status = ZwWaitForSingleObject(Waited, FALSE, &Bound);
    /* The close may come first. */
    assert_true(Status == STATUS_SUCCESS || Status == STATUS_INVALID_HANDLE);
    pthread_join(Thread, NULL);
    assert_ok(ZwWaitForSingleObject(Handles[2], FALSE, &Now));
    assert_ok(ZwClose(Handles[0]));
    assert_ok(ZwClose(Handles[2]));
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(EventsByHandle), cmocka_unit_test(NamedEvents),
        cmocka_unit_test(IoEvents),       cmocka_unit_test(Semaphores),
        cmocka_unit_test(Mutants),        cmocka_unit_test(OwnedMutantGoes),
        cmocka_unit_test(WaitMultiple),   cmocka_unit_test(CloseWhileWaiting),
    };
    return cmocka_run_group_tests(Tests, BootGroup, ShutdownGroup);
}
