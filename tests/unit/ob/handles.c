/* SPDX-License-Identifier: MIT */
/* References, handles, access, tables. */
#include "obtest.h"

static POBJECT_TYPE ThingType, OtherType;

static struct {
    ULONG Closes, Deletes;
    PEPROCESS Process;
    ACCESS_MASK Access;
    ULONG OfProcess, OfSystem;
    KIRQL DeleteIrql;
    KEVENT Deleted;
} Seen;

static VOID ThingClose(PEPROCESS Process, PVOID Object, ACCESS_MASK GrantedAccess,
                       ULONG ProcessHandleCount, ULONG SystemHandleCount)
{
    UNREFERENCED_PARAMETER(Object);
    Seen.Closes++;
    Seen.Process = Process;
    Seen.Access = GrantedAccess;
    Seen.OfProcess = ProcessHandleCount;
    Seen.OfSystem = SystemHandleCount;
}

static VOID ThingDelete(PVOID Object)
{
    UNREFERENCED_PARAMETER(Object);
    Seen.Deletes++;
    Seen.DeleteIrql = KeGetCurrentIrql();
    KeSetEvent(&Seen.Deleted, 0, FALSE);
}

static int Setup(void **State)
{
    static const OB_TYPE_INFO Thing = {
        .Name = L"Thing", .Close = ThingClose, .Delete = ThingDelete};
    static const OB_TYPE_INFO Other = {.Name = L"Other"};
    static const GENERIC_MAPPING Mapping = {0x1, 0x2, 0x4, 0xf};

    if (BootGroup(State) != 0)
        return -1;
    KeInitializeEvent(&Seen.Deleted, SynchronizationEvent, FALSE);
    return NT_SUCCESS(ObpCreateTypeEx(&Thing, &Mapping, &ThingType)) &&
                   NT_SUCCESS(ObpCreateType(&Other, &OtherType))
               ? 0
               : -1;
}

static PVOID NewThing(VOID)
{
    PVOID Object;

    KeClearEvent(&Seen.Deleted);
    Seen.Closes = Seen.Deletes = 0;
    assert_ok(ObpCreate(ThingType, NULL, 100, &Object));
    return Object;
}

static void References(void **State)
{
    PUCHAR Thing = NewThing();
    (void)State;

    for (ULONG i = 0; i < 100; i++)
        assert_int_equal(Thing[i], 0);
    assert_int_equal((ULONG_PTR)Thing % 64, 0);
    assert_ptr_equal(ObpTypeOf(Thing), ThingType);
    assert_memory_equal(ObpTypeName(ThingType), L"Thing", 12);
    assert_int_equal(ObpReferenceCount(Thing), 1);
    assert_int_equal(ObReferenceObject(Thing), 2);
    assert_int_equal(ObReferenceObjectWithTag(Thing, 'tseT'), 3);
    assert_int_equal(ObDereferenceObject(Thing), 2);
    assert_int_equal(ObDereferenceObjectWithTag(Thing, 'tseT'), 1);
    assert_ok(ObReferenceObjectByPointer(Thing, 0, ThingType, UserMode));
    assert_ok(ObReferenceObjectByPointer(Thing, 0, NULL, KernelMode));
    assert_status(ObReferenceObjectByPointer(Thing, 0, OtherType, KernelMode),
                  STATUS_OBJECT_TYPE_MISMATCH);
    assert_status(ObReferenceObjectByPointer(Thing, 0, NULL, UserMode),
                  STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ObpReferenceCount(Thing), 3);
    assert_null(ObpDispatcherHeader(Thing));
    ObDereferenceObject(Thing);
    ObDereferenceObject(Thing);
    assert_int_equal(Seen.Deletes, 0);
    assert_int_equal(ObDereferenceObject(Thing), 0);
    assert_int_equal(Seen.Deletes, 1);
}

/* Above PASSIVE_LEVEL the deletion is a work item's, at PASSIVE_LEVEL. */
static void DeferredDelete(void **State)
{
    LARGE_INTEGER Bound = {.QuadPart = -50000000};
    PVOID Things[3] = {NewThing(), NewThing(), NewThing()};
    KIRQL Irql;
    (void)State;

    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    ObDereferenceObject(Things[0]);
    KeLowerIrql(Irql);
    assert_ok(KeWaitForSingleObject(&Seen.Deleted, Executive, KernelMode, FALSE, &Bound));
    assert_int_equal(Seen.DeleteIrql, PASSIVE_LEVEL);

    KeRaiseIrql(APC_LEVEL, &Irql);
    ObDereferenceObject(Things[1]);
    KeLowerIrql(Irql);
    assert_ok(KeWaitForSingleObject(&Seen.Deleted, Executive, KernelMode, FALSE, &Bound));

    ObDereferenceObjectDeferDelete(Things[2]);
    ExpDrainWorkQueues();
    assert_int_equal(KeReadStateEvent(&Seen.Deleted), 1);
    assert_int_equal(Seen.Deletes, 3);
}

static void HandleCounts(void **State)
{
    PVOID Thing = NewThing(), Object;
    OBJECT_HANDLE_INFORMATION Information;
    HANDLE First, Second, Kernel;
    (void)State;

    assert_ok(ObpCreateHandle(Thing, 0x3, OBJ_INHERIT, &First));
    assert_int_equal((ULONG_PTR)First % 4, 0);
    assert_true((LONG_PTR)First > 0);
    assert_int_equal(ObpHandleCount(Thing), 1);
    assert_int_equal(ObpReferenceCount(Thing), 2);
    assert_ok(ObpCreateHandle(Thing, 0x1, 0, &Second));
    assert_ok(ObpCreateHandle(Thing, GENERIC_ALL, OBJ_KERNEL_HANDLE, &Kernel));
    assert_true((LONG_PTR)Kernel < 0);
    assert_true(ObIsKernelHandle(Kernel));
    assert_false(ObIsKernelHandle(First));
    assert_false(ObIsKernelHandle(NtCurrentProcess()));
    assert_int_equal(ObpHandleCount(Thing), 3);

    assert_ok(ObReferenceObjectByHandle(First, 0, ThingType, KernelMode, &Object, &Information));
    assert_ptr_equal(Object, Thing);
    assert_int_equal(Information.GrantedAccess, 0x3);
    assert_int_equal(Information.HandleAttributes, OBJ_INHERIT);
    ObDereferenceObject(Object);
    /* The two low bits of a value are the owner's. */
    assert_ok(ObReferenceObjectByHandle((HANDLE)((ULONG_PTR)First | 3), 0, NULL, UserMode, &Object,
                                        &Information));
    ObDereferenceObject(Object);
    assert_ok(ObReferenceObjectByHandle(Kernel, 0, NULL, KernelMode, &Object, &Information));
    assert_int_equal(Information.GrantedAccess, 0xf);
    ObDereferenceObject(Object);

    /* Close is told the counts from before. */
    assert_ok(ZwClose(First));
    assert_int_equal(Seen.Closes, 1);
    assert_int_equal(Seen.Access, 0x3);
    assert_int_equal(Seen.OfProcess, 2);
    assert_int_equal(Seen.OfSystem, 3);
    assert_ptr_equal(Seen.Process, PsGetCurrentProcess());
    assert_ok(ZwClose(Kernel));
    assert_ptr_equal(Seen.Process, PsInitialSystemProcess);
    assert_int_equal(Seen.OfProcess, 1);
    assert_int_equal(Seen.OfSystem, 2);
    ObDereferenceObject(Thing);
    assert_int_equal(Seen.Deletes, 0);
    assert_ok(ZwClose(Second));
    assert_int_equal(Seen.OfProcess, 1);
    assert_int_equal(Seen.OfSystem, 1);
    assert_int_equal(Seen.Deletes, 1);
    assert_status(ZwClose(Second), STATUS_INVALID_HANDLE);
    assert_int_equal(Seen.Closes, 3);
}

static void Access(void **State)
{
    PVOID Thing = NewThing(), Object = Thing;
    HANDLE Handle, Kernel, Generic;
    (void)State;

    assert_ok(ObpCreateHandle(Thing, 0x1, 0, &Handle));
    assert_ok(ObpCreateHandle(Thing, GENERIC_READ | GENERIC_EXECUTE | SYNCHRONIZE, 0, &Generic));
    assert_ok(ObpCreateHandle(Thing, 0x1, OBJ_KERNEL_HANDLE, &Kernel));
    ObDereferenceObject(Thing);

    assert_ok(ObReferenceObjectByHandle(Handle, 0x1, ThingType, UserMode, &Object, NULL));
    ObDereferenceObject(Object);
    assert_status(ObReferenceObjectByHandle(Handle, 0x3, ThingType, UserMode, &Object, NULL),
                  STATUS_ACCESS_DENIED);
    assert_null(Object);
    assert_ok(ObReferenceObjectByHandle(Handle, 0x3, ThingType, KernelMode, &Object, NULL));
    ObDereferenceObject(Object);
    assert_ok(
        ObReferenceObjectByHandle(Generic, 0x5 | SYNCHRONIZE, ThingType, UserMode, &Object, NULL));
    ObDereferenceObject(Object);
    assert_status(ObReferenceObjectByHandle(Generic, 0x2, ThingType, UserMode, &Object, NULL),
                  STATUS_ACCESS_DENIED);
    assert_status(ObReferenceObjectByHandle(Handle, 0x1, OtherType, UserMode, &Object, NULL),
                  STATUS_OBJECT_TYPE_MISMATCH);
    /* The type is looked at before the access. */
    assert_status(ObReferenceObjectByHandle(Handle, 0x3, OtherType, UserMode, &Object, NULL),
                  STATUS_OBJECT_TYPE_MISMATCH);
    assert_status(ObReferenceObjectByHandle(NULL, 0, NULL, UserMode, &Object, NULL),
                  STATUS_INVALID_HANDLE);
    assert_status(
        ObReferenceObjectByHandle((HANDLE)0x123456780ULL, 0, NULL, UserMode, &Object, NULL),
        STATUS_INVALID_HANDLE);
    assert_status(ObReferenceObjectByHandle((HANDLE)-400LL, 0, NULL, KernelMode, &Object, NULL),
                  STATUS_INVALID_HANDLE);

    /* A program may not use System's handles, nor close them, nor start a path at one. */
    assert_status(ObReferenceObjectByHandle(Kernel, 0x1, NULL, UserMode, &Object, NULL),
                  STATUS_INVALID_HANDLE);
    assert_status(ObCloseHandle(Kernel, UserMode), STATUS_INVALID_HANDLE);
    AsUser(TRUE);
    assert_status(NtClose(Kernel), STATUS_INVALID_HANDLE);
    NAMED Name;
    HANDLE Event;
    assert_status(NtCreateEvent(&Event, EVENT_ALL_ACCESS, Named(&Name, L"X", 0, Kernel),
                                NotificationEvent, FALSE),
                  STATUS_INVALID_HANDLE);
    /* Nor make one: the flag is passed over. */
    assert_ok(NtCreateEvent(&Event, EVENT_QUERY_STATE,
                            Named(&Name, L"\\BaseNamedObjects\\X", OBJ_KERNEL_HANDLE, NULL),
                            NotificationEvent, FALSE));
    assert_true((LONG_PTR)Event > 0);
    assert_status(NtSetEvent(Event, NULL), STATUS_ACCESS_DENIED);
    assert_ok(NtClose(Event));
    AsUser(FALSE);

    assert_ok(ZwClose(Handle));
    assert_ok(ZwClose(Generic));
    assert_ok(ZwClose(Kernel));
    assert_int_equal(Seen.Deletes, 1);
}

static void PseudoHandles(void **State)
{
    OBJECT_HANDLE_INFORMATION Information;
    PVOID Object;
    (void)State;

    assert_ok(ObReferenceObjectByHandle(NtCurrentProcess(), PROCESS_DUP_HANDLE, PspProcessType,
                                        UserMode, &Object, &Information));
    assert_ptr_equal(Object, PsGetCurrentProcess());
    assert_int_equal(Information.GrantedAccess, 0x1fffff);
    ObDereferenceObject(Object);
    assert_ok(
        ObReferenceObjectByHandle(NtCurrentThread(), 0, PspThreadType, UserMode, &Object, NULL));
    assert_ptr_equal(Object, PsGetCurrentThread());
    ObDereferenceObject(Object);
    assert_status(
        ObReferenceObjectByHandle(NtCurrentProcess(), 0, PspThreadType, KernelMode, &Object, NULL),
        STATUS_OBJECT_TYPE_MISMATCH);
    assert_status(ZwClose(NtCurrentProcess()), STATUS_INVALID_HANDLE);
    assert_status(ZwClose(NtCurrentThread()), STATUS_INVALID_HANDLE);
    assert_status(ZwClose(NULL), STATUS_INVALID_HANDLE);
}

static void ProtectFromClose(void **State)
{
    OBJECT_HANDLE_FLAG_INFORMATION Flags = {FALSE, TRUE};
    OBJECT_HANDLE_INFORMATION Information;
    PVOID Thing = NewThing(), Object;
    HANDLE Handle;
    (void)State;

    assert_ok(ObpCreateHandle(Thing, 0x1, 0, &Handle));
    assert_ok(ZwSetInformationObject(Handle, ObjectHandleFlagInformation, &Flags, sizeof(Flags)));
    assert_status(ZwClose(Handle), STATUS_HANDLE_NOT_CLOSABLE);
    assert_int_equal(Seen.Closes, 0);
    Flags = (OBJECT_HANDLE_FLAG_INFORMATION){TRUE, FALSE};
    assert_ok(ZwSetInformationObject(Handle, ObjectHandleFlagInformation, &Flags, sizeof(Flags)));
    assert_ok(ObReferenceObjectByHandle(Handle, 0, NULL, KernelMode, &Object, &Information));
    assert_int_equal(Information.HandleAttributes, OBJ_INHERIT);
    ObDereferenceObject(Object);
    assert_status(ZwSetInformationObject(Handle, 3, &Flags, sizeof(Flags)),
                  STATUS_INVALID_INFO_CLASS);
    assert_status(ZwSetInformationObject(Handle, ObjectHandleFlagInformation, &Flags, 1),
                  STATUS_INFO_LENGTH_MISMATCH);
    assert_ok(ZwClose(Handle));
    assert_status(
        ZwSetInformationObject(Handle, ObjectHandleFlagInformation, &Flags, sizeof(Flags)),
        STATUS_INVALID_HANDLE);
    ObDereferenceObject(Thing);
}

static void Duplicate(void **State)
{
    OBJECT_HANDLE_INFORMATION Information;
    PVOID Thing = NewThing(), Object;
    HANDLE Source, Copy, Target, ProcessHandle;
    PEPROCESS Process;
    (void)State;

    assert_ok(PspCreateProcess("other", &Process));
    assert_ok(ObOpenObjectByPointer(Process, 0, NULL, PROCESS_ALL_ACCESS, PspProcessType,
                                    KernelMode, &ProcessHandle));
    assert_ok(ObpCreateHandle(Thing, 0x3, OBJ_INHERIT, &Source));
    ObDereferenceObject(Thing);

    assert_ok(ZwDuplicateObject(NtCurrentProcess(), Source, NtCurrentProcess(), &Copy, 0x1, 0, 0));
    assert_ok(ObReferenceObjectByHandle(Copy, 0, ThingType, KernelMode, &Object, &Information));
    assert_ptr_equal(Object, Thing);
    assert_int_equal(Information.GrantedAccess, 0x1);
    assert_int_equal(Information.HandleAttributes, 0);
    ObDereferenceObject(Object);
    assert_ok(ZwClose(Copy));

    assert_ok(ZwDuplicateObject(NtCurrentProcess(), Source, NtCurrentProcess(), &Copy, 0, 0,
                                DUPLICATE_SAME_ACCESS | DUPLICATE_SAME_ATTRIBUTES));
    assert_ok(ObReferenceObjectByHandle(Copy, 0, ThingType, KernelMode, &Object, &Information));
    assert_int_equal(Information.GrantedAccess, 0x3);
    assert_int_equal(Information.HandleAttributes, OBJ_INHERIT);
    ObDereferenceObject(Object);

    /* A program gets no more by a copy than it has. */
    AsUser(TRUE);
    assert_status(
        NtDuplicateObject(NtCurrentProcess(), Source, NtCurrentProcess(), &Target, 0x4, 0, 0),
        STATUS_ACCESS_DENIED);
    AsUser(FALSE);

    /* Moved into the other process: the source closes. */
    assert_ok(ZwDuplicateObject(NtCurrentProcess(), Copy, ProcessHandle, &Target, 0, 0,
                                DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE));
    assert_status(ZwClose(Copy), STATUS_INVALID_HANDLE);
    assert_int_equal(Seen.OfProcess, 2);
    assert_int_equal(Seen.OfSystem, 3);
    assert_int_equal(ObpHandleCount(Thing), 2);

    /* And out of it, by attaching to it. */
    KAPC_STATE Apc;
    KeStackAttachProcess((PRKPROCESS)Process, &Apc);
    assert_ptr_equal(PsGetCurrentProcess(), Process);
    assert_ok(ObReferenceObjectByHandle(Target, 0, ThingType, UserMode, &Object, NULL));
    ObDereferenceObject(Object);
    KeUnstackDetachProcess(&Apc);

    assert_status(ZwDuplicateObject(NtCurrentProcess(), (HANDLE)0x7ffc, NtCurrentProcess(), &Copy,
                                    0, 0, DUPLICATE_SAME_ACCESS),
                  STATUS_INVALID_HANDLE);
    assert_status(ZwDuplicateObject(Source, Source, NtCurrentProcess(), &Copy, 0, 0, 2),
                  STATUS_OBJECT_TYPE_MISMATCH);
    assert_status(
        ZwDuplicateObject(NtCurrentProcess(), Source, NtCurrentProcess(), &Copy, 0, 0, 0x80),
        STATUS_INVALID_PARAMETER);
    assert_status(ZwDuplicateObject(NtCurrentProcess(), Source, NULL, NULL, 0, 0, 0),
                  STATUS_INVALID_HANDLE);

    /* No target: the source is closed, and that is all. */
    assert_ok(
        ZwDuplicateObject(NtCurrentProcess(), Source, NULL, NULL, 0, 0, DUPLICATE_CLOSE_SOURCE));
    assert_int_equal(Seen.OfProcess, 1);
    assert_int_equal(Seen.OfSystem, 2);
    assert_status(ZwClose(Source), STATUS_INVALID_HANDLE);

    /* The end of the process closes its handles. */
    assert_ok(ZwClose(ProcessHandle));
    PspTerminateProcess(Process, STATUS_SUCCESS);
    assert_ptr_equal(Seen.Process, Process);
    assert_int_equal(Seen.Deletes, 1);
}

static void Exclusive(void **State)
{
    OBJECT_ATTRIBUTES Attributes;
    HANDLE First, Second;
    PEPROCESS Process;
    PVOID Thing;
    (void)State;

    InitializeObjectAttributes(&Attributes, NULL, OBJ_EXCLUSIVE, NULL, NULL);
    assert_ok(ObpCreate(ThingType, &Attributes, 16, &Thing));
    assert_ok(ObpInsert(Thing, 1, &First));
    assert_ok(ObpCreateHandle(Thing, 1, 0, &Second));
    assert_ok(ZwClose(Second));
    assert_ok(PspCreateProcess("other", &Process));
    assert_status(ObpCreateHandleIn(Process, FALSE, Thing, 1, 0, &Second), STATUS_ACCESS_DENIED);
    assert_null(Second);
    assert_ok(ZwClose(First));
    assert_ok(ObpCreateHandleIn(Process, FALSE, Thing, 1, 0, &Second));
    assert_status(ObpCreateHandle(Thing, 1, 0, &First), STATUS_ACCESS_DENIED);
    PspTerminateProcess(Process, STATUS_SUCCESS);
    assert_int_equal(ObpHandleCount(Thing), 0);
    ObDereferenceObject(Thing);
}

static VOID CountHandle(PEPROCESS Process, HANDLE Handle, PVOID Object, ACCESS_MASK Access,
                        PVOID Context)
{
    ULONG *Count = Context;
    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(Handle);

    if (ObpTypeOf(Object) == ThingType && Access == 0x1)
        ++*Count;
}

/* Far more than a chunk; values are unique, and freed ones are used again. */
static void ManyHandles(void **State)
{
    enum { Total = 10000 };
    static HANDLE Handles[Total];
    PVOID Thing = NewThing(), Object;
    ULONG Count = 0;
    (void)State;

    for (ULONG i = 0; i < Total; i++) {
        assert_ok(ObpCreateHandle(Thing, 0x1, 0, &Handles[i]));
        if (i > 0)
            assert_ptr_not_equal(Handles[i], Handles[i - 1]);
    }
    assert_int_equal(ObpHandleCount(Thing), Total);
    assert_int_equal(ObpReferenceCount(Thing), Total + 1);
    ObpEnumerateHandles(PsGetCurrentProcess(), CountHandle, &Count);
    assert_int_equal(Count, Total);
    Count = 0;
    ObpEnumerateHandles(NULL, CountHandle, &Count);
    assert_int_equal(Count, Total);
    for (ULONG i = 0; i < Total; i++) {
        assert_ok(ObReferenceObjectByHandle(Handles[i], 0, ThingType, UserMode, &Object, NULL));
        ObDereferenceObject(Object);
    }
    HANDLE Last = Handles[Total / 2], Again;
    assert_ok(ZwClose(Last));
    assert_ok(ObpCreateHandle(Thing, 0x1, 0, &Again));
    assert_ptr_equal(Again, Last);
    for (ULONG i = 0; i < Total; i++)
        assert_ok(ZwClose(Handles[i]));
    assert_int_equal(Seen.OfSystem, 1);
    assert_int_equal(ObpHandleCount(Thing), 0);
    assert_int_equal(ObpReferenceCount(Thing), 1);
    ObDereferenceObject(Thing);
}

/* No memory at each step of making a handle in a new process. */
static void NoMemory(void **State)
{
    PVOID Thing = NewThing();
    ULONG Failures = 0;
    PEPROCESS Process;
    HANDLE First, Handle;
    NTSTATUS Status;
    (void)State;

    assert_ok(ObpCreateHandle(Thing, 1, 0, &First)); /* so that counts need a second entry */
    assert_ok(PspCreateProcess("other", &Process));
    for (ULONGLONG i = 1;; i++) {
        atomic_store(&ExpFailAllocationNumber, i);
        Status = ObpCreateHandleIn(Process, FALSE, Thing, 1, 0, &Handle);
        atomic_store(&ExpFailAllocationNumber, 0);
        if (NT_SUCCESS(Status))
            break;
        assert_status(Status, STATUS_INSUFFICIENT_RESOURCES);
        assert_int_equal(ObpHandleCount(Thing), 1);
        assert_int_equal(ObpReferenceCount(Thing), 2);
        Failures++;
    }
    assert_true(Failures >= 2);
    PspTerminateProcess(Process, STATUS_SUCCESS);
    assert_ok(ZwClose(First));
    ObDereferenceObject(Thing);
}

static VOID FindObject(PVOID Object, POBJECT_TYPE Type, LONG_PTR References, LONG_PTR Handles,
                       PVOID Context)
{
    PVOID *Wanted = Context;

    if (Object != Wanted[0])
        return;
    assert_ptr_equal(Type, ThingType);
    assert_int_equal(References, 2);
    assert_int_equal(Handles, 1);
    Wanted[1] = Object;
}

static ULONG LeftCount[4];
static VOID Left(const char *Kind, const char *Sentence, PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    if (strcmp(Kind, "object") == 0 && strstr(Sentence, "Thing") != NULL &&
        strstr(Sentence, "2 references, 1 handles") != NULL)
        LeftCount[0]++;
    else if (strcmp(Kind, "handle") == 0 && strstr(Sentence, "process program to Thing") != NULL)
        LeftCount[1]++;
    else if (strcmp(Kind, "symbolic link") == 0 &&
             strstr(Sentence, "\\GLOBAL??\\Forgotten -> \\Device\\X") != NULL)
        LeftCount[2]++;
    else if (strstr(Sentence, "Thing") != NULL || strstr(Sentence, "Forgotten") != NULL)
        print_error("unexpected: %s: %s\n", Kind, Sentence);
    else
        return; /* of the running system: at shutdown it is gone before the accounting */
    LeftCount[3]++;
}

static void Accounting(void **State)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\??\\Forgotten");
    UNICODE_STRING Target = RTL_CONSTANT_STRING(L"\\Device\\X");
    PVOID Thing, Wanted[2] = {NULL, NULL};
    HANDLE Handle;
    (void)State;

    VfAccount(Left, NULL);
    assert_int_equal(LeftCount[3], 0);
    Wanted[0] = Thing = NewThing();
    assert_ok(ObpCreateHandle(Thing, 0x1, 0, &Handle));
    assert_ok(IoCreateSymbolicLink(&Name, &Target));
    ObpEnumerateObjects(FindObject, Wanted);
    assert_ptr_equal(Wanted[1], Thing);
    VfAccount(Left, NULL);
    assert_int_equal(LeftCount[3], 3);
    assert_int_equal(LeftCount[0], 1);
    assert_int_equal(LeftCount[1], 1);
    assert_int_equal(LeftCount[2], 1);
    assert_ok(ZwClose(Handle));
    ObDereferenceObject(Thing);
    assert_ok(IoDeleteSymbolicLink(&Name));
    VfAccount(Left, NULL);
    assert_int_equal(LeftCount[3], 3);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(References),    cmocka_unit_test(DeferredDelete),
        cmocka_unit_test(HandleCounts),  cmocka_unit_test(Access),
        cmocka_unit_test(PseudoHandles), cmocka_unit_test(ProtectFromClose),
        cmocka_unit_test(Duplicate),     cmocka_unit_test(Exclusive),
        cmocka_unit_test(ManyHandles),   cmocka_unit_test(NoMemory),
        cmocka_unit_test(Accounting),
    };
    return cmocka_run_group_tests(Tests, Setup, ShutdownGroup);
}
