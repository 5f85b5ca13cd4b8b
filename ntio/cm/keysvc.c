/* SPDX-License-Identifier: MIT */
/*
 * keysvc.c - system services over keys.
 */
#include "ntio/cm/cmp.h"
#include "ntio/cm/ntcm.h"

/* Opens, or creates, by the caller's attributes, and gives a handle. */
static NTSTATUS CmpOpenKey(PHANDLE KeyHandle, ACCESS_MASK Access, POBJECT_ATTRIBUTES Attributes,
                           PCMP_OPEN_CONTEXT Open, KPROCESSOR_MODE Mode)
{
    NTSTATUS Status;
    HANDLE New;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = CmpProbe(Mode, KeyHandle, sizeof(*KeyHandle), TRUE);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObOpenObjectByName(Attributes, CmpKeyType, Mode, NULL, Access, Open, &New);
    if (NT_SUCCESS(Status))
        *KeyHandle = New;
    return Status;
}

static NTSTATUS CmpCreateService(PHANDLE KeyHandle, ACCESS_MASK Access,
                                 POBJECT_ATTRIBUTES Attributes, PUNICODE_STRING Class,
                                 ULONG Options, PULONG Disposition, KPROCESSOR_MODE Mode)
{
    CMP_OPEN_CONTEXT Open = {
        .Create = TRUE, .Options = Options, .Class = Class, .Disposition = REG_OPENED_EXISTING_KEY};
    NTSTATUS Status;

    if ((Options & ~(ULONG)(REG_OPTION_VOLATILE | REG_OPTION_CREATE_LINK |
                            REG_OPTION_BACKUP_RESTORE | REG_OPTION_OPEN_LINK)) != 0)
        return STATUS_INVALID_PARAMETER;
    if (Class != NULL) {
        Status = CmpProbe(Mode, Class, sizeof(*Class), FALSE);
        if (NT_SUCCESS(Status))
            Status = CmpProbe(Mode, Class->Buffer, Class->Length, FALSE);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    if (Disposition != NULL) {
        Status = CmpProbe(Mode, Disposition, sizeof(*Disposition), TRUE);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    Status = CmpOpenKey(KeyHandle, Access, Attributes, &Open, Mode);
    if (NT_SUCCESS(Status) && Disposition != NULL)
        *Disposition = Open.Disposition;
    return Status;
}

NTSTATUS NTAPI ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG TitleIndex,
                           PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition)
{
    UNREFERENCED_PARAMETER(TitleIndex); /* "set this parameter to zero" */
    return CmpCreateService(KeyHandle, DesiredAccess, ObjectAttributes, Class, CreateOptions,
                            Disposition, KernelMode);
}

NTSTATUS NTAPI NtCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG TitleIndex,
                           PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition)
{
    UNREFERENCED_PARAMETER(TitleIndex);
    return CmpCreateService(KeyHandle, DesiredAccess, ObjectAttributes, Class, CreateOptions,
                            Disposition, ExGetPreviousMode());
}

NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                         POBJECT_ATTRIBUTES ObjectAttributes)
{
    return CmpOpenKey(KeyHandle, DesiredAccess, ObjectAttributes, NULL, KernelMode);
}

NTSTATUS NTAPI NtOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                         POBJECT_ATTRIBUTES ObjectAttributes)
{
    return CmpOpenKey(KeyHandle, DesiredAccess, ObjectAttributes, NULL, ExGetPreviousMode());
}

static NTSTATUS CmpOpenEx(PHANDLE KeyHandle, ACCESS_MASK Access, POBJECT_ATTRIBUTES Attributes,
                          ULONG Options, KPROCESSOR_MODE Mode)
{
    CMP_OPEN_CONTEXT Open = {.Options = Options};

    if ((Options & ~(ULONG)(REG_OPTION_OPEN_LINK | REG_OPTION_BACKUP_RESTORE)) != 0)
        return STATUS_INVALID_PARAMETER_4;
    return CmpOpenKey(KeyHandle, Access, Attributes, &Open, Mode);
}

NTSTATUS NTAPI ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG OpenOptions)
{
    return CmpOpenEx(KeyHandle, DesiredAccess, ObjectAttributes, OpenOptions, KernelMode);
}

NTSTATUS NTAPI NtOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG OpenOptions)
{
    return CmpOpenEx(KeyHandle, DesiredAccess, ObjectAttributes, OpenOptions, ExGetPreviousMode());
}

static NTSTATUS CmpDeleteService(HANDLE KeyHandle, KPROCESSOR_MODE Mode)
{
    NTSTATUS Status;
    PCM_KEY Key;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = CmpReferenceKey(KeyHandle, DELETE, Mode, &Key);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&CmpLock);
    if (Key->Node->Deleted)
        Status = STATUS_KEY_DELETED;
    else if (Key->Node->Fixed || Key->Node->ChildCount != 0)
        Status = STATUS_CANNOT_DELETE;
    else
        CmpUnlinkNode(Key->Node);
    KiUnlock(&CmpLock);
    ObfDereferenceObject(Key);
    return Status;
}

NTSTATUS NTAPI ZwDeleteKey(HANDLE KeyHandle)
{
    return CmpDeleteService(KeyHandle, KernelMode);
}

NTSTATUS NTAPI NtDeleteKey(HANDLE KeyHandle)
{
    return CmpDeleteService(KeyHandle, ExGetPreviousMode());
}

/* There is no disk to write to: with the registry in memory, what was set is as safe as it will be.
 */
static NTSTATUS CmpFlushService(HANDLE KeyHandle, KPROCESSOR_MODE Mode)
{
    NTSTATUS Status;
    PCM_KEY Key;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = CmpReferenceKey(KeyHandle, 0, Mode, &Key);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&CmpLock);
    if (Key->Node->Deleted)
        Status = STATUS_KEY_DELETED;
    KiUnlock(&CmpLock);
    ObfDereferenceObject(Key);
    return Status;
}

NTSTATUS NTAPI ZwFlushKey(HANDLE KeyHandle)
{
    return CmpFlushService(KeyHandle, KernelMode);
}

NTSTATUS NTAPI NtFlushKey(HANDLE KeyHandle)
{
    return CmpFlushService(KeyHandle, ExGetPreviousMode());
}

/*
 * A query of the key (Index NULL), or of its Index-th subkey. A program's buffer is filled from a
 * copy, so that a fault on it is not met under CmpLock.
 */
static NTSTATUS CmpQueryService(HANDLE KeyHandle, const ULONG *Index, KEY_INFORMATION_CLASS Class,
                                PVOID Buffer, ULONG Length, PULONG ResultLength,
                                KPROCESSOR_MODE Mode)
{
    PVOID Answer = Buffer;
    ULONG Result = 0;
    NTSTATUS Status;
    PCM_NODE Node;
    PCM_KEY Key;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = CmpProbe(Mode, Buffer, Length, TRUE);
    if (NT_SUCCESS(Status))
        Status = CmpProbe(Mode, ResultLength, sizeof(*ResultLength), TRUE);
    if (!NT_SUCCESS(Status))
        return Status;
    /* A name may be asked with any access. */
    Status = CmpReferenceKey(KeyHandle,
                             Index != NULL                 ? KEY_ENUMERATE_SUB_KEYS
                             : Class == KeyNameInformation ? 0
                                                           : KEY_QUERY_VALUE,
                             Mode, &Key);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Index != NULL && Class != KeyBasicInformation && Class != KeyNodeInformation &&
        Class != KeyFullInformation) {
        Status = STATUS_INVALID_PARAMETER;
        goto Exit;
    }
    if (Mode != KernelMode && Length != 0) {
        Answer = ExAllocatePool2(POOL_FLAG_PAGED, Length, CMP_TAG);
        if (Answer == NULL) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
            goto Exit;
        }
    }
    KiLock(&CmpLock);
    Node = Key->Node;
    if (Node->Deleted)
        Status = STATUS_KEY_DELETED;
    else if (Index != NULL && *Index >= Node->ChildCount)
        Status = STATUS_NO_MORE_ENTRIES;
    else
        Status = CmpAnswerKey(Index != NULL ? Node->Children[*Index] : Node, Class, Answer, Length,
                              &Result);
    KiUnlock(&CmpLock);
    if (Result != 0)
        *ResultLength = Result;
    if (Answer != Buffer) {
        if (NT_SUCCESS(Status) || Status == STATUS_BUFFER_OVERFLOW) {
            NTSTATUS Copied = MmpCopyUser(Buffer, Answer, Result < Length ? Result : Length);
            if (!NT_SUCCESS(Copied))
                Status = Copied;
        }
        ExFreePoolWithTag(Answer, CMP_TAG);
    }

Exit:
    ObfDereferenceObject(Key);
    return Status;
}

NTSTATUS NTAPI ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass,
                          PVOID KeyInformation, ULONG Length, PULONG ResultLength)
{
    return CmpQueryService(KeyHandle, NULL, KeyInformationClass, KeyInformation, Length,
                           ResultLength, KernelMode);
}

NTSTATUS NTAPI NtQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass,
                          PVOID KeyInformation, ULONG Length, PULONG ResultLength)
{
    return CmpQueryService(KeyHandle, NULL, KeyInformationClass, KeyInformation, Length,
                           ResultLength, ExGetPreviousMode());
}

NTSTATUS NTAPI ZwEnumerateKey(HANDLE KeyHandle, ULONG Index,
                              KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                              ULONG Length, PULONG ResultLength)
{
    return CmpQueryService(KeyHandle, &Index, KeyInformationClass, KeyInformation, Length,
                           ResultLength, KernelMode);
}

NTSTATUS NTAPI NtEnumerateKey(HANDLE KeyHandle, ULONG Index,
                              KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                              ULONG Length, PULONG ResultLength)
{
    return CmpQueryService(KeyHandle, &Index, KeyInformationClass, KeyInformation, Length,
                           ResultLength, ExGetPreviousMode());
}
