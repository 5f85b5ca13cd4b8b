/* SPDX-License-Identifier: MIT */
/* threads.c - processes, system threads, host threads, and the boot that they survive. */
#define _GNU_SOURCE /* pthread_setname_np */
#include "ntio/ex/ex.h"
#include "ntio/ob/ob.h"
#include "ntio.h"
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static int boot(void **state)
{
    (void)state;
    return ntio_boot(NULL);
}

static int shut(void **state)
{
    (void)state;
    return (int)ntio_shutdown();
}

static NTSTATUS wait_for(PVOID object)
{
    LARGE_INTEGER limit = {.QuadPart = -50000000};
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &limit);
}

static PETHREAD thread_of(HANDLE handle)
{
    PVOID thread;
    assert_int_equal(
        ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &thread, NULL),
        STATUS_SUCCESS);
    return thread;
}

static void test_current(void **state)
{
    PETHREAD thread = PsGetCurrentThread();
    PEPROCESS process = PsGetCurrentProcess();
    PVOID found;

    (void)state;
    assert_ptr_equal(KeGetCurrentThread(), (PKTHREAD)thread);
    assert_ptr_equal(PspCurrentThread(), thread);
    assert_ptr_not_equal(process, PsInitialSystemProcess);
    assert_ptr_equal(IoGetCurrentProcess(), process);
    assert_string_equal(process->ImageName, "program");
    assert_ptr_equal(PsGetProcessId(PsInitialSystemProcess), (HANDLE)4);
    assert_ptr_equal(PsGetCurrentProcessId(), PsGetProcessId(process));
    assert_ptr_equal(PsGetThreadProcessId(thread), PsGetProcessId(process));
    assert_ptr_equal(PsGetThreadProcess(thread), process);
    assert_ptr_equal(PsGetThreadId(thread), PsGetCurrentThreadId());
    assert_int_equal((ULONG_PTR)PsGetCurrentThreadId() % 4, 0);
    assert_false(PsIsSystemThread(thread));
    assert_ptr_equal(ObpTypeOf(thread), PspThreadType);
    assert_ptr_equal(ObpTypeOf(process), PspProcessType);

    assert_int_equal(PsLookupThreadByThreadId(PsGetCurrentThreadId(), (PETHREAD *)&found),
                     STATUS_SUCCESS);
    assert_ptr_equal(found, thread);
    ObDereferenceObject(found);
    assert_int_equal(PsLookupProcessByProcessId(PsGetCurrentProcessId(), (PEPROCESS *)&found),
                     STATUS_SUCCESS);
    assert_ptr_equal(found, process);
    ObDereferenceObject(found);
    assert_int_equal(PsLookupThreadByThreadId((HANDLE)0x12345678, (PETHREAD *)&found),
                     STATUS_INVALID_CID);
    assert_int_equal(PsLookupProcessByProcessId((HANDLE)0x12345678, (PEPROCESS *)&found),
                     STATUS_INVALID_CID);
    assert_int_equal(PspAttachHostThread(PsInitialSystemProcess, "again"),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(PsTerminateSystemThread(STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
}

static struct {
    KEVENT started, go_on;
    PETHREAD thread;
    PEPROCESS process;
    HANDLE id;
    BOOLEAN system;
    _Atomic ULONG runs;
} seen;

static VOID NTAPI system_thread(PVOID context)
{
    seen.thread = PsGetCurrentThread();
    seen.process = PsGetCurrentProcess();
    seen.id = PsGetCurrentThreadId();
    seen.system = PsIsSystemThread(seen.thread);
    atomic_fetch_add(&seen.runs, 1);
    KeSetEvent(&seen.started, 0, FALSE);
    wait_for(&seen.go_on);
    if (context != NULL)
        PsTerminateSystemThread((NTSTATUS)(LONG_PTR)context);
}

static PETHREAD run_system_thread(PVOID context, HANDLE *handle, CLIENT_ID *id)
{
    PETHREAD thread;

    memset(&seen, 0, sizeof(seen));
    KeInitializeEvent(&seen.started, NotificationEvent, FALSE);
    KeInitializeEvent(&seen.go_on, NotificationEvent, FALSE);
    assert_int_equal(
        PsCreateSystemThread(handle, THREAD_ALL_ACCESS, NULL, NULL, id, system_thread, context),
        STATUS_SUCCESS);
    thread = thread_of(*handle);
    assert_int_equal(wait_for(&seen.started), STATUS_SUCCESS);
    return thread;
}

static void test_system_thread(void **state)
{
    CLIENT_ID id;
    HANDLE handle;
    PETHREAD thread = run_system_thread(NULL, &handle, &id);
    LARGE_INTEGER zero = {.QuadPart = 0};

    (void)state;
    assert_ptr_equal(seen.thread, thread);
    assert_ptr_equal(seen.process, PsInitialSystemProcess);
    assert_ptr_equal(seen.id, id.UniqueThread);
    assert_ptr_equal(id.UniqueProcess, (HANDLE)4);
    assert_true(seen.system);
    assert_int_equal(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, &zero),
                     STATUS_TIMEOUT);
    KeSetEvent(&seen.go_on, 0, FALSE);
    assert_int_equal(wait_for(thread), STATUS_SUCCESS);
    /* It stays signalled, and no look-up finds it. */
    assert_int_equal(wait_for(thread), STATUS_SUCCESS);
    assert_int_equal(PsLookupThreadByThreadId(id.UniqueThread, &seen.thread), STATUS_INVALID_CID);
    assert_int_equal(thread->ExitStatus, STATUS_SUCCESS);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    /* The last reference: the thread's own may take a moment more. */
    for (int i = 0; i < 1000 && ObpReferenceCount(thread) != 1; i++)
        usleep(1000);
    assert_int_equal(ObpReferenceCount(thread), 1);
    ObDereferenceObject(thread);
}

static void test_terminate(void **state)
{
    HANDLE handle;
    PETHREAD thread = run_system_thread((PVOID)(LONG_PTR)STATUS_UNSUCCESSFUL, &handle, NULL);

    (void)state;
    KeSetEvent(&seen.go_on, 0, FALSE);
    /* A handle can be waited for too. */
    assert_int_equal(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
    assert_int_equal(thread->ExitStatus, STATUS_UNSUCCESSFUL);
    ZwClose(handle);
    ObDereferenceObject(thread);
}

/* The handle may be closed while the thread runs, and it may have a process of its own. */
static void test_in_process(void **state)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle, process_handle;
    PEPROCESS process;
    PETHREAD thread;

    (void)state;
    memset(&seen, 0, sizeof(seen));
    KeInitializeEvent(&seen.started, NotificationEvent, FALSE);
    KeInitializeEvent(&seen.go_on, NotificationEvent, TRUE);
    assert_int_equal(PspCreateProcess("other", &process), STATUS_SUCCESS);
    assert_int_equal(
        ObpCreateHandle(process, PROCESS_ALL_ACCESS, OBJ_KERNEL_HANDLE, &process_handle),
        STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, process_handle,
                                          NULL, system_thread, NULL),
                     STATUS_SUCCESS);
    thread = thread_of(handle);
    ZwClose(handle);
    assert_int_equal(wait_for(thread), STATUS_SUCCESS);
    assert_ptr_equal(seen.process, process);
    ObDereferenceObject(thread);
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, (HANDLE)0x7ffc, NULL,
                                          system_thread, NULL),
                     STATUS_INVALID_HANDLE);
    ZwClose(process_handle);
    PspTerminateProcess(process, STATUS_SUCCESS);
}

static VOID NTAPI short_thread(PVOID context)
{
    atomic_fetch_add((_Atomic ULONG *)context, 1);
    if (PsGetCurrentThreadId() != NULL)
        PsTerminateSystemThread(STATUS_SUCCESS);
    atomic_fetch_add((_Atomic ULONG *)context, 1000);
}

static VOID NTAPI self_apc(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a, PVOID *b)
{
    (void)normal, (void)context, (void)a, (void)b;
    free(apc);
}

static void *start_many(void *context)
{
    for (int i = 0; i < 50; i++) {
        PETHREAD thread;
        HANDLE handle;

        assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                              short_thread, context),
                         STATUS_SUCCESS);
        thread = thread_of(handle);
        ZwClose(handle);
        if (i % 2) {
            PKAPC apc = malloc(sizeof(*apc));
            KeInitializeApc(apc, &thread->Tcb, OriginalApcEnvironment, self_apc, NULL, NULL,
                            KernelMode, NULL);
            if (!KeInsertQueueApc(apc, NULL, NULL, 0))
                free(apc); /* it has ended */
        }
        assert_int_equal(wait_for(thread), STATUS_SUCCESS);
        ObDereferenceObject(thread);
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    static _Atomic ULONG count;
    pthread_t threads[4];

    (void)state;
    count = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, start_many, &count);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(count, 200);
}

/* A process is signalled when it ends, and its handles are gone then. */
static void test_process_end(void **state)
{
    PEPROCESS process, before = PsGetCurrentProcess();
    LARGE_INTEGER zero = {.QuadPart = 0};
    KAPC_STATE outer, inner;
    HANDLE handle, id;
    PEPROCESS found;
    PVOID event;

    (void)state;
    assert_int_equal(PspCreateProcess("short-lived", &process), STATUS_SUCCESS);
    ObReferenceObject(process);
    id = PsGetProcessId(process);
    assert_int_equal(PsLookupProcessByProcessId(id, &found), STATUS_SUCCESS);
    ObDereferenceObject(found);
    KeStackAttachProcess((PRKPROCESS)process, &outer);
    assert_ptr_equal(PsGetCurrentProcess(), process);
    assert_ptr_equal(PsGetCurrentProcessId(), PsGetProcessId(before));
    KeStackAttachProcess((PRKPROCESS)PsInitialSystemProcess, &inner);
    assert_ptr_equal(PsGetCurrentProcess(), PsInitialSystemProcess);
    KeUnstackDetachProcess(&inner);
    assert_ptr_equal(PsGetCurrentProcess(), process);
    assert_int_equal(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &event, NULL),
                     STATUS_SUCCESS);
    KeUnstackDetachProcess(&outer);
    assert_ptr_equal(PsGetCurrentProcess(), before);
    assert_int_equal(KeWaitForSingleObject(process, Executive, KernelMode, FALSE, &zero),
                     STATUS_TIMEOUT);
    assert_int_equal(ObpHandleCount(event), 1);
    PspTerminateProcess(process, STATUS_SUCCESS);
    assert_int_equal(ObpHandleCount(event), 0);
    assert_int_equal(wait_for(process), STATUS_SUCCESS);
    assert_int_equal(PsLookupProcessByProcessId(id, &found), STATUS_INVALID_CID);
    ObDereferenceObject(event);
    ObDereferenceObject(process);
}

/* Host threads come in, end, and leave nothing; one that waits on such a thread sees it end. */
static void *host_thread(void *context)
{
    PETHREAD thread = PsGetCurrentThread();

    assert_false(PsIsSystemThread(thread));
    assert_string_equal(thread->Name, "visitor");
    ObReferenceObject(thread);
    *(PETHREAD *)context = thread;
    return NULL;
}

static void *named(void *context)
{
    pthread_setname_np(pthread_self(), "visitor");
    return host_thread(context);
}

static void test_host_thread(void **state)
{
    PETHREAD thread;
    pthread_t host;

    (void)state;
    for (int i = 0; i < 20; i++) {
        pthread_create(&host, NULL, named, &thread);
        pthread_join(host, NULL);
        assert_int_equal(wait_for(thread), STATUS_SUCCESS);
        assert_int_equal(ObpReferenceCount(thread), 1);
        assert_false(KeInsertQueueApc(&(KAPC){.Thread = &thread->Tcb}, NULL, NULL, 0));
        ObDereferenceObject(thread);
    }
}

static void *enter_and_leave(void *context)
{
    assert_int_equal(PspAttachHostThread(context, "guest"), STATUS_SUCCESS);
    assert_ptr_equal(PsGetCurrentProcess(), context);
    PspDetachHostThread();
    PspDetachHostThread(); /* is not attached any more */
    /* Comes in again, to the default process. */
    assert_ptr_not_equal(PsGetCurrentProcess(), context);
    return NULL;
}

static void test_attach(void **state)
{
    PEPROCESS process;
    pthread_t host;

    (void)state;
    PspCreateProcess("host", &process);
    pthread_create(&host, NULL, enter_and_leave, process);
    pthread_join(host, NULL);
    assert_int_equal(process->ActiveThreads, 0);
    assert_int_equal(ObpReferenceCount(process), 1);
    PspTerminateProcess(process, STATUS_SUCCESS);
}

/* DPCs and work items run in threads that are objects as well. */
static VOID NTAPI look_around(PVOID context)
{
    (void)context;
    seen.thread = PsGetCurrentThread();
    ObReferenceObject(seen.thread);
    seen.process = PsGetCurrentProcess();
    seen.system = PsIsSystemThread(seen.thread);
    KeSetEvent(&seen.started, 0, FALSE);
}

static VOID NTAPI look_around_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)a, (void)b;
    look_around(context);
}

static void test_service_threads(void **state)
{
    WORK_QUEUE_ITEM item;
    KDPC dpc;

    (void)state;
    for (int i = 0; i < 2; i++) {
        memset(&seen, 0, sizeof(seen));
        KeInitializeEvent(&seen.started, NotificationEvent, FALSE);
        if (i == 0) {
            ExInitializeWorkItem(&item, look_around, NULL);
            ExQueueWorkItem(&item, DelayedWorkQueue);
        } else {
            KeInitializeDpc(&dpc, look_around_dpc, NULL);
            KeInsertQueueDpc(&dpc, NULL, NULL);
        }
        assert_int_equal(wait_for(&seen.started), STATUS_SUCCESS);
        assert_ptr_equal(ObpTypeOf(seen.thread), PspThreadType);
        assert_ptr_equal(seen.process, PsInitialSystemProcess);
        assert_true(seen.system);
        ObDereferenceObject(seen.thread);
    }
}

/* The accounting names a system thread that still runs. */
static VOID note_left(const char *kind, const char *sentence, PVOID context)
{
    if (strcmp(kind, "system thread") == 0 && strstr(sentence, "still runs") != NULL)
        ++*(ULONG *)context;
}

static void test_left_thread(void **state)
{
    ULONG before = 0, count = 0; /* pnp's worker is one too, until the shutdown stops it */
    PETHREAD thread;
    HANDLE handle;

    (void)state;
    VfAccount(note_left, &before);
    thread = run_system_thread(NULL, &handle, NULL);
    VfAccount(note_left, &count);
    assert_int_equal(count, before + 1);
    ZwClose(handle);
    KeSetEvent(&seen.go_on, 0, FALSE);
    assert_int_equal(wait_for(thread), STATUS_SUCCESS);
    ObDereferenceObject(thread);
    count = 0;
    VfAccount(note_left, &count);
    assert_int_equal(count, before);
}

static int count_entries(const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;

    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

/* A thread that was joined may be seen in /proc for a moment more. */
static int settled_tasks(int most)
{
    int count = count_entries("/proc/self/task");

    for (int i = 0; i < 2000 && count > most; i++) {
        usleep(1000);
        count = count_entries("/proc/self/task");
    }
    return count;
}

/* Threads that came in during one boot come in again after another, and every boot gives back its
 * threads and files. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t turn;
    int boot, done;
    bool over;
} again = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, false};

static void *come_again(void *context)
{
    int last = 0;

    (void)context;
    pthread_mutex_lock(&again.lock);
    for (;;) {
        while (again.boot == last && !again.over)
            pthread_cond_wait(&again.turn, &again.lock);
        if (again.over)
            break;
        last = again.boot;
        assert_ptr_equal(PsGetThreadProcess(PsGetCurrentThread()), PsGetCurrentProcess());
        assert_string_equal(PsGetCurrentProcess()->ImageName, "program");
        again.done++;
        pthread_cond_broadcast(&again.turn);
    }
    pthread_mutex_unlock(&again.lock);
    return NULL;
}

static VOID NTAPI nothing_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
}

static void test_boots(void **state)
{
    pthread_t threads[3];
    int tasks, files;
    KDPC dpc;

    (void)state;
    assert_int_equal(ntio_shutdown(), 0);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, come_again, NULL);
    tasks = count_entries("/proc/self/task");
    files = count_entries("/proc/self/fd");
    for (int i = 0; i < 20; i++) {
        assert_int_equal(ntio_boot(NULL), 0);
        pthread_mutex_lock(&again.lock);
        again.boot++;
        again.done = 0;
        pthread_cond_broadcast(&again.turn);
        while (again.done != 3)
            pthread_cond_wait(&again.turn, &again.lock);
        pthread_mutex_unlock(&again.lock);
        KeInitializeDpc(&dpc, nothing_dpc, NULL);
        KeInsertQueueDpc(&dpc, NULL, NULL);
        KeFlushQueuedDpcs();
        assert_int_equal(ntio_shutdown(), 0);
        assert_in_range(settled_tasks(tasks), 1, tasks);
        assert_int_equal(count_entries("/proc/self/fd"), files);
    }
    pthread_mutex_lock(&again.lock);
    again.over = true;
    pthread_cond_broadcast(&again.turn);
    pthread_mutex_unlock(&again.lock);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(ntio_boot(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_current),         cmocka_unit_test(test_system_thread),
        cmocka_unit_test(test_terminate),       cmocka_unit_test(test_in_process),
        cmocka_unit_test(test_many_threads),    cmocka_unit_test(test_process_end),
        cmocka_unit_test(test_host_thread),     cmocka_unit_test(test_attach),
        cmocka_unit_test(test_service_threads), cmocka_unit_test(test_left_thread),
        cmocka_unit_test(test_boots),
    };
    return cmocka_run_group_tests(tests, boot, shut);
}
