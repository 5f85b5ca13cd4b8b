/* SPDX-License-Identifier: MIT */
/*
 * sync.c - semaphores and mutants with handles and names, for win32; and the types of all three.
 */
#include "ntio/ob/obp.h"
#include "ntio/ob/ntob.h"

POBJECT_TYPE ExpSemaphoreObjectType, ExpMutantObjectType;
POBJECT_TYPE *ExSemaphoreObjectType = &ExpSemaphoreObjectType;

/* ---- semaphores ---- */

typedef struct _OBP_SEMAPHORE_START {
    LONG Count, Limit;
} OBP_SEMAPHORE_START;

static VOID ObpSemaphoreBody(PVOID Object, PVOID Context)
{
    OBP_SEMAPHORE_START *Start = Context;

    KeInitializeSemaphore(Object, Start->Count, Start->Limit);
}

NTSTATUS NTAPI NtCreateSemaphore(PHANDLE SemaphoreHandle, ACCESS_MASK DesiredAccess,
                                 POBJECT_ATTRIBUTES ObjectAttributes, LONG InitialCount,
                                 LONG MaximumCount)
{
    OBP_SEMAPHORE_START Start = {InitialCount, MaximumCount};

    if (MaximumCount <= 0 || InitialCount < 0 || InitialCount > MaximumCount)
        return STATUS_INVALID_PARAMETER;
    return ObpCreateService(ExpSemaphoreObjectType, sizeof(KSEMAPHORE), ExGetPreviousMode(),
                            SemaphoreHandle, DesiredAccess, ObjectAttributes, ObpSemaphoreBody,
                            &Start);
}

NTSTATUS NTAPI NtOpenSemaphore(PHANDLE SemaphoreHandle, ACCESS_MASK DesiredAccess,
                               POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(ExpSemaphoreObjectType, ExGetPreviousMode(), SemaphoreHandle,
                          DesiredAccess, ObjectAttributes);
}

/* KeReleaseSemaphore and KeReleaseMutant raise what a handle's user gets as a status. */
static NTSTATUS ObpReleaseSemaphore(PKSEMAPHORE Semaphore, LONG Count, LONG *Before)
{
    MMP_GUARD Guard;
    NTSTATUS Status = MmpEnterGuard(&Guard);

    if (Status == STATUS_SUCCESS) {
        *Before = KeReleaseSemaphore(Semaphore, 0, Count, FALSE);
        MmpLeaveGuard(&Guard);
    }
    return Status;
}

static NTSTATUS ObpReleaseMutant(PKMUTANT Mutant, LONG *Before)
{
    MMP_GUARD Guard;
    NTSTATUS Status = MmpEnterGuard(&Guard);

    if (Status == STATUS_SUCCESS) {
        *Before = KeReleaseMutant(Mutant, 0, FALSE, FALSE);
        MmpLeaveGuard(&Guard);
    }
    return Status;
}

NTSTATUS NTAPI NtReleaseSemaphore(HANDLE SemaphoreHandle, LONG ReleaseCount, PLONG PreviousCount)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    NTSTATUS Status = STATUS_SUCCESS;
    LONG Before = 0;
    PVOID Object;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (ReleaseCount <= 0)
        return STATUS_INVALID_PARAMETER;
    if (PreviousCount != NULL)
        Status = ObpProbe(Mode, PreviousCount, sizeof(*PreviousCount), TRUE);
    if (NT_SUCCESS(Status))
        Status = ObReferenceObjectByHandle(SemaphoreHandle, SEMAPHORE_MODIFY_STATE,
                                           ExpSemaphoreObjectType, Mode, &Object, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObpReleaseSemaphore(Object, ReleaseCount, &Before);
    ObfDereferenceObject(Object);
    if (NT_SUCCESS(Status) && PreviousCount != NULL)
        *PreviousCount = Before;
    return Status;
}

/* ---- mutants ---- */

static VOID ObpMutantBody(PVOID Object, PVOID Context)
{
    PKMUTANT Mutant = Object;
    BOOLEAN *InitialOwner = Context;

    KeInitializeMutant(Mutant, *InitialOwner);
}

/*
 * Its last handle can go while a thread owns it. That thread has it in a list that only the thread
 * may touch, so where it is another one the memory stays until that thread's rundown has passed
 * over it.
 */
static VOID ObpDeleteMutant(PVOID Object)
{
    PKMUTANT Mutant = Object;
    PKTHREAD Owner = __atomic_load_n(&Mutant->OwnerThread, __ATOMIC_ACQUIRE);

    if (Owner == KeGetCurrentThread())
        KeReleaseMutant(Mutant, 0, TRUE, FALSE);
    else if (Owner != NULL)
        atomic_fetch_or(&ObpHeader(Object)->Flags, OBP_KEEP);
    else /* a rundown that gave it up may still hold its lock: pass through that */
        KiSignalObject(&Mutant->Header, 1);
}

NTSTATUS NTAPI NtCreateMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
                              POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN InitialOwner)
{
    return ObpCreateService(ExpMutantObjectType, sizeof(KMUTANT), ExGetPreviousMode(), MutantHandle,
                            DesiredAccess, ObjectAttributes, ObpMutantBody, &InitialOwner);
}

NTSTATUS NTAPI NtOpenMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(ExpMutantObjectType, ExGetPreviousMode(), MutantHandle, DesiredAccess,
                          ObjectAttributes);
}

NTSTATUS NTAPI NtReleaseMutant(HANDLE MutantHandle, PLONG PreviousCount)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    NTSTATUS Status = STATUS_SUCCESS;
    LONG Before = 0;
    PVOID Object;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (PreviousCount != NULL)
        Status = ObpProbe(Mode, PreviousCount, sizeof(*PreviousCount), TRUE);
    if (NT_SUCCESS(Status)) /* any access will do: ownership is what counts */
        Status =
            ObReferenceObjectByHandle(MutantHandle, 0, ExpMutantObjectType, Mode, &Object, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObpReleaseMutant(Object, &Before);
    ObfDereferenceObject(Object);
    if (NT_SUCCESS(Status) && PreviousCount != NULL)
        *PreviousCount = Before;
    return Status;
}

/* ---- the types ---- */

NTSTATUS ObpInitializeSynchronizationTypes(VOID)
{
    static const GENERIC_MAPPING EventMapping = {
        STANDARD_RIGHTS_READ | EVENT_QUERY_STATE, STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE,
        STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, EVENT_ALL_ACCESS};
    static const GENERIC_MAPPING MutantMapping = {
        STANDARD_RIGHTS_READ | MUTANT_QUERY_STATE, STANDARD_RIGHTS_WRITE,
        STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, MUTANT_ALL_ACCESS};
    static const OB_TYPE_INFO Event = {.Name = L"Event", .Waitable = TRUE};
    static const OB_TYPE_INFO Semaphore = {.Name = L"Semaphore", .Waitable = TRUE};
    static const OB_TYPE_INFO Mutant = {
        .Name = L"Mutant", .Waitable = TRUE, .Delete = ObpDeleteMutant};
    NTSTATUS Status = ObpCreateTypeEx(&Event, &EventMapping, &ExpEventObjectType);

    if (NT_SUCCESS(Status))
        Status = ObpCreateTypeEx(&Semaphore, &EventMapping, &ExpSemaphoreObjectType);
    if (NT_SUCCESS(Status))
        Status = ObpCreateTypeEx(&Mutant, &MutantMapping, &ExpMutantObjectType);
    if (NT_SUCCESS(Status))
        Status = ObpInitializeTimerType();
    return Status;
}
