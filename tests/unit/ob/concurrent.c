/* SPDX-License-Identifier: MIT */
/* Threads that share a handle table, an object and a directory. */
#include "obtest.h"

#include <pthread.h>

enum { Threads = 4, Slots = 64, Rounds = 20000 };

static POBJECT_TYPE ThingType;
static _Atomic ULONG Opened, Closed, Deleted;

static VOID ThingClose(PEPROCESS Process, PVOID Object, ACCESS_MASK GrantedAccess,
                       ULONG ProcessHandleCount, ULONG SystemHandleCount)
{
    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(GrantedAccess);
    UNREFERENCED_PARAMETER(ProcessHandleCount);
    UNREFERENCED_PARAMETER(SystemHandleCount);
    atomic_fetch_add(&Closed, 1);
}

static VOID ThingDelete(PVOID Object)
{
    ULONG *Body = Object;

    *Body = 0xdead;
    atomic_fetch_add(&Deleted, 1);
}

static int Setup(void **State)
{
    static const OB_TYPE_INFO Thing = {
        .Name = L"Thing", .Close = ThingClose, .Delete = ThingDelete};

    if (BootGroup(State) != 0)
        return -1;
    return NT_SUCCESS(ObpCreateType(&Thing, &ThingType)) ? 0 : -1;
}

static ULONG Random(ULONG *Seed)
{
    *Seed = *Seed * 1664525u + 1013904223u;
    return *Seed >> 16;
}

typedef struct _WORKER {
    pthread_t Thread;
    ULONG Seed;
    ULONG Found;
    const char *Failure;
} WORKER;

static pthread_barrier_t Start;

static void RunWorkers(void *(*Routine)(void *), WORKER *Workers)
{
    pthread_barrier_init(&Start, NULL, Threads);
    for (ULONG i = 0; i < Threads; i++) {
        Workers[i] = (WORKER){.Seed = i + 1};
        assert_int_equal(pthread_create(&Workers[i].Thread, NULL, Routine, &Workers[i]), 0);
    }
    for (ULONG i = 0; i < Threads; i++)
        pthread_join(Workers[i].Thread, NULL);
    pthread_barrier_destroy(&Start);
    for (ULONG i = 0; i < Threads; i++)
        assert_string_equal(Workers[i].Failure != NULL ? Workers[i].Failure : "", "");
}

/* Slots that hold a handle or NULL; whoever takes one out closes it, others may look it up at any
 * time. */
static HANDLE _Atomic Table[Slots];

static void *UseTable(void *Argument)
{
    WORKER *Worker = Argument;

    pthread_barrier_wait(&Start);
    for (ULONG i = 0; i < Rounds && Worker->Failure == NULL; i++) {
        HANDLE _Atomic *Slot = &Table[Random(&Worker->Seed) % Slots];
        PVOID Object;
        HANDLE Handle;

        switch (Random(&Worker->Seed) % 4) {
        case 0: /* a new object, a new handle */
            if (!NT_SUCCESS(ObpCreate(ThingType, NULL, 64, &Object))) {
                Worker->Failure = "create";
                break;
            }
            *(ULONG *)Object = 0x600d;
            if (!NT_SUCCESS(ObpCreateHandle(Object, 1, 0, &Handle)))
                Worker->Failure = "handle";
            ObDereferenceObject(Object);
            atomic_fetch_add(&Opened, 1);
            Handle = atomic_exchange(Slot, Handle);
            if (Handle != NULL && !NT_SUCCESS(NtClose(Handle)))
                Worker->Failure = "close of the one before";
            break;
        case 1:
            Handle = atomic_exchange(Slot, NULL);
            if (Handle != NULL && !NT_SUCCESS(NtClose(Handle)))
                Worker->Failure = "close";
            break;
        default: { /* look-ups of what may be closed meanwhile, or be another object by now */
            NTSTATUS Status =
                ObReferenceObjectByHandle(atomic_load(Slot), 1, ThingType, UserMode, &Object, NULL);
            if (NT_SUCCESS(Status)) {
                Worker->Found++;
                if (*(ULONG *)Object != 0x600d)
                    Worker->Failure = "a dead object was found";
                ObDereferenceObject(Object);
            } else if (Status != STATUS_INVALID_HANDLE) {
                Worker->Failure = "look-up";
            }
            break;
        }
        }
    }
    return NULL;
}

static void OneTable(void **State)
{
    WORKER Workers[Threads];
    ULONG Found = 0;
    (void)State;

    RunWorkers(UseTable, Workers);
    for (ULONG i = 0; i < Slots; i++)
        if (Table[i] != NULL)
            assert_ok(NtClose(Table[i]));
    for (ULONG i = 0; i < Threads; i++)
        Found += Workers[i].Found;
    assert_true(Found > 0);
    assert_int_equal(Closed, Opened);
    assert_int_equal(Deleted, Opened);
}

/* One object, one handle: every thread refers, looks up, duplicates. */
static HANDLE Shared;
static PVOID SharedObject;

static void *UseOne(void *Argument)
{
    WORKER *Worker = Argument;

    pthread_barrier_wait(&Start);
    for (ULONG i = 0; i < Rounds && Worker->Failure == NULL; i++) {
        PVOID Object;
        HANDLE Copy;

        ObReferenceObject(SharedObject);
        if (!NT_SUCCESS(ObReferenceObjectByHandle(Shared, 1, ThingType, UserMode, &Object, NULL)))
            Worker->Failure = "look-up";
        else
            ObDereferenceObject(Object);
        if (i % 8 == 0) {
            if (!NT_SUCCESS(NtDuplicateObject(NtCurrentProcess(), Shared, NtCurrentProcess(), &Copy,
                                              0, 0, DUPLICATE_SAME_ACCESS)) ||
                !NT_SUCCESS(NtClose(Copy)))
                Worker->Failure = "duplicate";
        }
        ObDereferenceObject(SharedObject);
    }
    return NULL;
}

static void OneObject(void **State)
{
    WORKER Workers[Threads];
    (void)State;

    assert_ok(ObpCreate(ThingType, NULL, 64, &SharedObject));
    assert_ok(ObpCreateHandle(SharedObject, 1, 0, &Shared));
    RunWorkers(UseOne, Workers);
    assert_int_equal(ObpHandleCount(SharedObject), 1);
    assert_int_equal(ObpReferenceCount(SharedObject), 2);
    assert_ok(ZwClose(Shared));
    ObDereferenceObject(SharedObject);
}

/*
 * Everybody creates or opens the same name and closes it again. Whoever holds a handle holds the
 * one object of that name: a second open finds it.
 */
static void *UseName(void *Argument)
{
    WORKER *Worker = Argument;

    pthread_barrier_wait(&Start);
    for (ULONG i = 0; i < Rounds && Worker->Failure == NULL; i++) {
        HANDLE First, Second;
        PVOID A = NULL, B = NULL;
        NTSTATUS Status;
        NAMED Name;

        Status = ZwCreateEvent(&First, EVENT_ALL_ACCESS,
                               Named(&Name, L"\\BaseNamedObjects\\Race", OBJ_OPENIF, NULL),
                               NotificationEvent, FALSE);
        if (!NT_SUCCESS(Status)) {
            Worker->Failure = "create";
            break;
        }
        Worker->Found += Status == STATUS_OBJECT_NAME_EXISTS;
        Status = ZwOpenEvent(&Second, EVENT_ALL_ACCESS,
                             Named(&Name, L"\\BaseNamedObjects\\Race", 0, NULL));
        if (!NT_SUCCESS(Status)) {
            Worker->Failure = "the name is gone while a handle is open";
        } else {
            if (!NT_SUCCESS(ObReferenceObjectByHandle(First, 0, NULL, KernelMode, &A, NULL)) ||
                !NT_SUCCESS(ObReferenceObjectByHandle(Second, 0, NULL, KernelMode, &B, NULL)) ||
                A != B)
                Worker->Failure = "two objects of one name";
            if (A != NULL)
                ObDereferenceObject(A);
            if (B != NULL)
                ObDereferenceObject(B);
            ZwClose(Second);
        }
        ZwClose(First);
    }
    return NULL;
}

static void OneName(void **State)
{
    WORKER Workers[Threads];
    (void)State;

    RunWorkers(UseName, Workers);
    assert_false(Exists(L"\\BaseNamedObjects\\Race"));
}

/* Names enter and leave one directory while others list it and resolve in it. */
static void *UseDirectory(void *Argument)
{
    WORKER *Worker = Argument;

    pthread_barrier_wait(&Start);
    for (ULONG i = 0; i < Rounds / 4 && Worker->Failure == NULL; i++) {
        WCHAR Path[] = L"\\Device\\Crowd\\x00";
        NTSTATUS Status;
        PVOID Object;
        NAMED Name;

        Path[15] = (WCHAR)(L'0' + Random(&Worker->Seed) % 8);
        Path[16] = (WCHAR)(L'0' + Random(&Worker->Seed) % 8);
        if (Random(&Worker->Seed) % 2 == 0) {
            Status = ObpCreate(ThingType, Named(&Name, Path, 0, NULL), 16, &Object);
            if (!NT_SUCCESS(Status)) {
                Worker->Failure = "create";
                break;
            }
            Status = ObpInsert(Object, 0, NULL);
            if (!NT_SUCCESS(Status) && Status != STATUS_OBJECT_NAME_COLLISION)
                Worker->Failure = "insert";
        } else {
            Status = ObpOpenByName(Named(&Name, Path, 0, NULL), ThingType, 0, NULL, &Object);
            if (!NT_SUCCESS(Status)) {
                if (Status != STATUS_OBJECT_NAME_NOT_FOUND)
                    Worker->Failure = "open";
                continue;
            }
            Worker->Found++;
        }
        if (Random(&Worker->Seed) % 4 == 0) {
            UNICODE_STRING Full;
            if (NT_SUCCESS(ObpQueryName(Object, &Full)))
                ExFreePool(Full.Buffer);
        }
        ObDereferenceObject(Object);
    }
    return NULL;
}

static void OneDirectory(void **State)
{
    WORKER Workers[Threads];
    HANDLE Directory;
    NAMED Name;
    (void)State;

    assert_ok(ZwCreateDirectoryObject(&Directory, DIRECTORY_ALL_ACCESS,
                                      Named(&Name, L"\\Device\\Crowd", OBJ_KERNEL_HANDLE, NULL)));
    RunWorkers(UseDirectory, Workers);
    assert_ok(ZwClose(Directory));
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(OneTable),
        cmocka_unit_test(OneObject),
        cmocka_unit_test(OneName),
        cmocka_unit_test(OneDirectory),
    };
    return cmocka_run_group_tests(Tests, Setup, ShutdownGroup);
}
