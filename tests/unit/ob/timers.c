/* SPDX-License-Identifier: MIT */
/* Timers by handle: waiting, kinds, periods, cancelling, routines, and closing while they run. */
#include "tests/unit/ob/obtest.h"

#include <pthread.h>

#define MILLISECONDS(n) (-(LONGLONG)(n)*10000)

static NTSTATUS Wait(HANDLE Timer, LONG Milliseconds)
{
    LARGE_INTEGER Timeout = {.QuadPart = MILLISECONDS(Milliseconds)};
    return NtWaitForSingleObject(Timer, FALSE, &Timeout);
}

static NTSTATUS Set(HANDLE Timer, LONG Milliseconds, PTIMER_APC_ROUTINE Routine, PVOID Context,
                    LONG Period, PBOOLEAN Before)
{
    LARGE_INTEGER Due = {.QuadPart = MILLISECONDS(Milliseconds)};
    return NtSetTimer(Timer, &Due, Routine, Context, FALSE, Period, Before);
}

static void TimersAreWaitedFor(void **State)
{
    HANDLE Notification, Synchronization;
    BOOLEAN Before;
    LARGE_INTEGER Due = {.QuadPart = MILLISECONDS(1)};
    (void)State;
    AsUser(TRUE);
    assert_ok(NtCreateTimer(&Notification, TIMER_ALL_ACCESS, NULL, NotificationTimer));
    assert_ok(NtCreateTimer(&Synchronization, TIMER_ALL_ACCESS, NULL, SynchronizationTimer));
    assert_status(Wait(Notification, 0), STATUS_TIMEOUT);
    assert_ok(Set(Notification, 1, NULL, NULL, 0, &Before));
    assert_false(Before);
    assert_ok(Wait(Notification, 10000));
    assert_ok(Wait(Notification, 0)); /* stays signalled */
    assert_ok(NtCancelTimer(Notification, &Before));
    assert_true(Before);
    assert_ok(Set(Notification, 600000, NULL, NULL, 0, &Before));
    assert_true(Before);
    assert_status(Wait(Notification, 0), STATUS_TIMEOUT);
    assert_ok(NtCancelTimer(Notification, &Before));
    assert_false(Before);

    assert_ok(Set(Synchronization, 1, NULL, NULL, 1, NULL)); /* again and again */
    for (int i = 0; i < 3; i++)
        assert_ok(Wait(Synchronization, 10000));
    assert_ok(NtCancelTimer(Synchronization, NULL));
    Wait(Synchronization, 0);
    assert_status(Wait(Synchronization, 0), STATUS_TIMEOUT); /* one wait took the signal */

    assert_status(Set(Synchronization, 1, NULL, NULL, -1, NULL), STATUS_INVALID_PARAMETER_6);
    assert_status(NtSetTimer(Synchronization, &Due, NULL, NULL, TRUE, 0, NULL),
                  STATUS_TIMER_RESUME_IGNORED);
    assert_ok(Wait(Synchronization, 10000));
    assert_status(NtCreateTimer(&Notification, TIMER_ALL_ACCESS, NULL, (TIMER_TYPE)7),
                  STATUS_INVALID_PARAMETER_4);
    assert_ok(NtClose(Notification));
    assert_ok(NtClose(Synchronization));
    AsUser(FALSE);
}

static void TimersHaveNamesAndRights(void **State)
{
    NAMED Name;
    HANDLE Timer, Same, Query;
    (void)State;
    assert_ok(ZwCreateTimer(&Timer, TIMER_ALL_ACCESS,
                            Named(&Name, L"\\BaseNamedObjects\\ObTimer", 0, NULL),
                            NotificationTimer));
    assert_ok(ZwOpenTimer(&Same, TIMER_ALL_ACCESS, &Name.Attributes));
    assert_ok(ZwOpenTimer(&Query, TIMER_QUERY_STATE | SYNCHRONIZE, &Name.Attributes));
    AsUser(TRUE);
    assert_status(Set(Query, 1, NULL, NULL, 0, NULL), STATUS_ACCESS_DENIED);
    AsUser(FALSE);
    assert_ok(Set(Same, 1, NULL, NULL, 0, NULL));
    assert_ok(Wait(Timer, 10000));
    assert_ok(ZwClose(Same));
    assert_ok(ZwClose(Query));
    assert_ok(ZwClose(Timer));
}

static int Calls;
static PVOID LastContext;
static VOID NTAPI Routine(PVOID Context, ULONG Low, LONG High)
{
    LARGE_INTEGER Now, Then = {.LowPart = Low, .HighPart = High};
    KeQuerySystemTime(&Now);
    assert_true(Now.QuadPart >= Then.QuadPart && Now.QuadPart - Then.QuadPart < 600000000);
    LastContext = Context;
    Calls++;
}

static void ARoutineIsCalledInAnAlertableWait(void **State)
{
    LARGE_INTEGER Long = {.QuadPart = MILLISECONDS(10000)}, None = {.QuadPart = 0};
    HANDLE Timer;
    (void)State;
    AsUser(TRUE);
    assert_ok(NtCreateTimer(&Timer, TIMER_ALL_ACCESS, NULL, SynchronizationTimer));
    Calls = 0;
    assert_ok(Set(Timer, 1, Routine, &Calls, 0, NULL));
    assert_status(KeDelayExecutionThread(UserMode, TRUE, &Long), STATUS_USER_APC);
    assert_int_equal(Calls, 1);
    assert_ptr_equal(LastContext, &Calls);
    /* One that is cancelled is not called, even where its time had come. */
    assert_ok(Wait(Timer, 0));
    assert_ok(Set(Timer, 1, Routine, NULL, 0, NULL));
    assert_ok(Wait(Timer, 10000));
    assert_ok(NtCancelTimer(Timer, NULL));
    assert_status(KeDelayExecutionThread(UserMode, TRUE, &None), STATUS_SUCCESS);
    assert_int_equal(Calls, 1);
    /* One that is closed neither. */
    assert_ok(Set(Timer, 1, Routine, NULL, 1, NULL));
    assert_ok(Wait(Timer, 10000));
    assert_ok(NtClose(Timer));
    assert_status(KeDelayExecutionThread(UserMode, TRUE, &None), STATUS_SUCCESS);
    assert_int_equal(Calls, 1);
    AsUser(FALSE);
}

static _Atomic int Failures;
static VOID NTAPI Nothing(PVOID Context, ULONG Low, LONG High)
{
    (void)Context;
    (void)Low;
    (void)High;
}

/* Set, cancelled and closed while DPC and APC are on their way; the thread ends with one queued. */
static void *Racer(void *Context)
{
    LARGE_INTEGER None = {.QuadPart = 0};
    (void)Context;
    AsUser(TRUE);
    for (int i = 0; i < 300; i++) {
        HANDLE Timer;
        if (NtCreateTimer(&Timer, TIMER_ALL_ACCESS, NULL, i % 2) != STATUS_SUCCESS) {
            atomic_fetch_add(&Failures, 1);
            continue;
        }
        if (Set(Timer, 0, Nothing, NULL, i % 3, NULL) != STATUS_SUCCESS)
            atomic_fetch_add(&Failures, 1);
        if (i % 4 == 0)
            Wait(Timer, 1000);
        if (i % 5 == 0)
            KeDelayExecutionThread(UserMode, TRUE, &None);
        if (i % 7 == 0)
            NtCancelTimer(Timer, NULL);
        if (NtClose(Timer) != STATUS_SUCCESS)
            atomic_fetch_add(&Failures, 1);
    }
    HANDLE Last;
    if (NtCreateTimer(&Last, TIMER_ALL_ACCESS, NULL, NotificationTimer) == STATUS_SUCCESS) {
        Set(Last, 0, Nothing, NULL, 1, NULL);
        Wait(Last, 1000);
    }
    AsUser(FALSE);
    return Last;
}

static void SettingRacesClosing(void **State)
{
    pthread_t Threads[4];
    void *Last;
    (void)State;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&Threads[i], NULL, Racer, NULL), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(Threads[i], &Last), 0);
        assert_ok(NtClose(Last));
    }
    assert_int_equal(Failures, 0);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(TimersAreWaitedFor),
        cmocka_unit_test(TimersHaveNamesAndRights),
        cmocka_unit_test(ARoutineIsCalledInAnAlertableWait),
        cmocka_unit_test(SettingRacesClosing),
    };
    return cmocka_run_group_tests(Tests, BootGroup, ShutdownGroup);
}
