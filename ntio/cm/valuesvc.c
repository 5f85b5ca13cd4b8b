/* SPDX-License-Identifier: MIT */
/*
 * valuesvc.c - system services over the values of keys.
 */
#include "ntio/cm/cmp.h"
#include "ntio/cm/ntcm.h"

/*
 * Takes the caller's value name; a NULL one, or one that is empty, is the default value's. Zeros at
 * the end of a name that was counted with its terminator are not part of it: Windows drops them
 * too.
 */
static NTSTATUS CmpCaptureName(KPROCESSOR_MODE Mode, PUNICODE_STRING From, PUNICODE_STRING Name)
{
    NTSTATUS Status;

    memset(Name, 0, sizeof(*Name));
    if (From == NULL)
        return STATUS_SUCCESS;
    Status = CmpProbe(Mode, From, sizeof(*From), FALSE);
    if (!NT_SUCCESS(Status))
        return Status;
    *Name = *From;
    if (Name->Length % sizeof(WCHAR) != 0 || Name->Length > CMP_MAXIMUM_VALUE_NAME ||
        (Name->Length != 0 && Name->Buffer == NULL))
        return STATUS_INVALID_PARAMETER;
    Status = CmpProbe(Mode, Name->Buffer, Name->Length, FALSE);
    if (!NT_SUCCESS(Status))
        return Status;
    while (Name->Length != 0 && Name->Buffer[Name->Length / sizeof(WCHAR) - 1] == 0)
        Name->Length -= sizeof(WCHAR);
    return STATUS_SUCCESS;
}

/* By Name, or where that is NULL by Index. See CmpQueryService of keysvc.c for the copy. */
static NTSTATUS CmpQueryValueService(HANDLE KeyHandle, PUNICODE_STRING Name, ULONG Index,
                                     KEY_VALUE_INFORMATION_CLASS Class, PVOID Buffer, ULONG Length,
                                     PULONG ResultLength, KPROCESSOR_MODE Mode)
{
    PVOID Answer = Buffer;
    ULONG Result = 0;
    NTSTATUS Status;
    PCM_KEY Key;

    Status = CmpProbe(Mode, Buffer, Length, TRUE);
    if (NT_SUCCESS(Status))
        Status = CmpProbe(Mode, ResultLength, sizeof(*ResultLength), TRUE);
    if (!NT_SUCCESS(Status))
        return Status;
    if ((ULONG)Class > KeyValuePartialInformationAlign64)
        return STATUS_INVALID_PARAMETER;
    Status = CmpReferenceKey(KeyHandle, KEY_QUERY_VALUE, Mode, &Key);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Mode != KernelMode && Length != 0) {
        Answer = ExAllocatePool2(POOL_FLAG_PAGED, Length, CMP_TAG);
        if (Answer == NULL) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
            goto Exit;
        }
    }
    KiLock(&CmpLock);
    if (Key->Node->Deleted) {
        Status = STATUS_KEY_DELETED;
    } else if (Name != NULL) {
        PCM_VALUE Value = CmpFindValue(Key->Node, Name);

        Status = Value != NULL ? CmpAnswerValue(Value, Class, Answer, Length, &Result)
                               : STATUS_OBJECT_NAME_NOT_FOUND;
    } else {
        Status = Index < Key->Node->ValueCount
                     ? CmpAnswerValue(Key->Node->Values[Index], Class, Answer, Length, &Result)
                     : STATUS_NO_MORE_ENTRIES;
    }
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

static NTSTATUS CmpQueryNamedValue(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                                   KEY_VALUE_INFORMATION_CLASS Class, PVOID Buffer, ULONG Length,
                                   PULONG ResultLength, KPROCESSOR_MODE Mode)
{
    UNICODE_STRING Name;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = CmpCaptureName(Mode, ValueName, &Name);
    if (!NT_SUCCESS(Status))
        return Status;
    return CmpQueryValueService(KeyHandle, &Name, 0, Class, Buffer, Length, ResultLength, Mode);
}

NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                               KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                               PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    return CmpQueryNamedValue(KeyHandle, ValueName, KeyValueInformationClass, KeyValueInformation,
                              Length, ResultLength, KernelMode);
}

NTSTATUS NTAPI NtQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                               KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                               PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    return CmpQueryNamedValue(KeyHandle, ValueName, KeyValueInformationClass, KeyValueInformation,
                              Length, ResultLength, ExGetPreviousMode());
}

NTSTATUS NTAPI ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index,
                                   KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                   PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return CmpQueryValueService(KeyHandle, NULL, Index, KeyValueInformationClass,
                                KeyValueInformation, Length, ResultLength, KernelMode);
}

NTSTATUS NTAPI NtEnumerateValueKey(HANDLE KeyHandle, ULONG Index,
                                   KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                   PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return CmpQueryValueService(KeyHandle, NULL, Index, KeyValueInformationClass,
                                KeyValueInformation, Length, ResultLength, ExGetPreviousMode());
}

static NTSTATUS CmpSetValueService(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG Type,
                                   PVOID Data, ULONG Bytes, KPROCESSOR_MODE Mode)
{
    UNICODE_STRING Name;
    NTSTATUS Status;
    PCM_KEY Key;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = CmpCaptureName(Mode, ValueName, &Name);
    if (NT_SUCCESS(Status) && Bytes != 0 && Data == NULL)
        Status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(Status))
        Status = CmpProbe(Mode, Data, Bytes, FALSE);
    if (NT_SUCCESS(Status))
        Status = CmpReferenceKey(KeyHandle, KEY_SET_VALUE, Mode, &Key);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&CmpLock);
    Status = Key->Node->Deleted ? STATUS_KEY_DELETED
                                : CmpStoreValue(Key->Node, &Name, Type, Data, Bytes);
    KiUnlock(&CmpLock);
    ObfDereferenceObject(Key);
    return Status;
}

NTSTATUS NTAPI ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex,
                             ULONG Type, PVOID Data, ULONG DataSize)
{
    UNREFERENCED_PARAMETER(TitleIndex);
    return CmpSetValueService(KeyHandle, ValueName, Type, Data, DataSize, KernelMode);
}

NTSTATUS NTAPI NtSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex,
                             ULONG Type, PVOID Data, ULONG DataSize)
{
    UNREFERENCED_PARAMETER(TitleIndex);
    return CmpSetValueService(KeyHandle, ValueName, Type, Data, DataSize, ExGetPreviousMode());
}

static NTSTATUS CmpDeleteValueService(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                                      KPROCESSOR_MODE Mode)
{
    UNICODE_STRING Name;
    NTSTATUS Status;
    PCM_KEY Key;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = CmpCaptureName(Mode, ValueName, &Name);
    if (NT_SUCCESS(Status))
        Status = CmpReferenceKey(KeyHandle, KEY_SET_VALUE, Mode, &Key);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&CmpLock);
    Status = Key->Node->Deleted ? STATUS_KEY_DELETED : CmpRemoveValue(Key->Node, &Name);
    KiUnlock(&CmpLock);
    ObfDereferenceObject(Key);
    return Status;
}

NTSTATUS NTAPI ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName)
{
    return CmpDeleteValueService(KeyHandle, ValueName, KernelMode);
}

NTSTATUS NTAPI NtDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName)
{
    return CmpDeleteValueService(KeyHandle, ValueName, ExGetPreviousMode());
}
