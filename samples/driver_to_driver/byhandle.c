/* SPDX-License-Identifier: MIT */
/* byhandle.c - calling another driver as a program would: open it, read from the handle. */
#include "caller.h"

typedef struct _CALL_APC {
    KEVENT Done;
    HANDLE Caller; /* its thread */
    CALL_RESULT *Result;
} CALL_APC, *PCALL_APC;

/* Options: FILE_SYNCHRONOUS_IO_NONALERT or 0. The handle is the kernel's, not the program's. */
static NTSTATUS CallOpen(PCUNICODE_STRING Name, ULONG Options, PHANDLE Handle)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Block;

    InitializeObjectAttributes(&Attributes, (PUNICODE_STRING)Name,
                               OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwCreateFile(Handle, FILE_READ_DATA | SYNCHRONIZE, &Attributes, &Block, NULL,
                        FILE_ATTRIBUTE_NORMAL, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN,
                        Options, NULL, 0);
}

static VOID CallReport(const IO_STATUS_BLOCK *Block, CALL_RESULT *Result)
{
    Result->Status = Block->Status;
    Result->Information = (ULONG)Block->Information;
}

/* ZwReadFile comes back when the read is done: the I/O manager waits, though target's read pends.
 */
NTSTATUS CallSynchronously(PCUNICODE_STRING Name, CALL_RESULT *Result)
{
    LARGE_INTEGER Offset;
    IO_STATUS_BLOCK Block;
    HANDLE Handle;
    NTSTATUS Status;

    Status = CallOpen(Name, FILE_SYNCHRONOUS_IO_NONALERT, &Handle);
    if (!NT_SUCCESS(Status))
        return Status;
    Offset.QuadPart = CALL_OFFSET;
    Result->Returned =
        ZwReadFile(Handle, NULL, NULL, NULL, &Block, Result->Data, CALL_BYTES, &Offset, NULL);
    if (NT_SUCCESS(Result->Returned))
        CallReport(&Block, Result);
    else
        Result->Status = Result->Returned;
    ZwClose(Handle);
    return STATUS_SUCCESS;
}

/* Queued to the thread that asked. */
static VOID NTAPI CallApc(PVOID Context, PIO_STATUS_BLOCK Block, ULONG Reserved)
{
    PCALL_APC Apc = Context;

    UNREFERENCED_PARAMETER(Reserved);
    Apc->Result->ApcCalls++;
    Apc->Result->ApcIrql = KeGetCurrentIrql();
    Apc->Result->ApcInCaller = PsGetCurrentThreadId() == Apc->Caller;
    CallReport(Block, Apc->Result);
    KeSetEvent(&Apc->Done, IO_NO_INCREMENT, FALSE);
}

NTSTATUS CallWithApc(CALL_RESULT *Result)
{
    UNICODE_STRING Name;
    LARGE_INTEGER Offset;
    IO_STATUS_BLOCK Block;
    CALL_APC Apc;
    HANDLE Handle;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, CALLER_TARGET);
    Status = CallOpen(&Name, 0, &Handle);
    if (!NT_SUCCESS(Status))
        return Status;
    KeInitializeEvent(&Apc.Done, NotificationEvent, FALSE);
    Apc.Caller = PsGetCurrentThreadId();
    Apc.Result = Result;
    Offset.QuadPart = CALL_OFFSET;
    Result->Returned =
        ZwReadFile(Handle, NULL, CallApc, &Apc, &Block, Result->Data, CALL_BYTES, &Offset, NULL);
    /* A driver's APC is a kernel APC: it comes while the thread waits, alertably or not. */
    if (NT_SUCCESS(Result->Returned))
        KeWaitForSingleObject(&Apc.Done, Executive, KernelMode, FALSE, NULL);
    else
        Result->Status = Result->Returned;
    ZwClose(Handle);
    return STATUS_SUCCESS;
}

NTSTATUS CallWithFileEvent(CALL_RESULT *Result)
{
    UNICODE_STRING Name;
    LARGE_INTEGER Offset;
    IO_STATUS_BLOCK Block;
    PFILE_OBJECT File;
    HANDLE Handle;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, CALLER_TARGET);
    Status = CallOpen(&Name, 0, &Handle);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Handle, FILE_READ_DATA, *IoFileObjectType, KernelMode,
                                       (PVOID *)&File, NULL);
    if (!NT_SUCCESS(Status)) {
        ZwClose(Handle);
        return Status;
    }
    Offset.QuadPart = CALL_OFFSET;
    Result->Returned =
        ZwReadFile(Handle, NULL, NULL, NULL, &Block, Result->Data, CALL_BYTES, &Offset, NULL);
    /* Neither event nor APC was given, so the file object's own event is set at the end. */
    if (Result->Returned == STATUS_PENDING)
        KeWaitForSingleObject(&File->Event, Executive, KernelMode, FALSE, NULL);
    if (NT_SUCCESS(Result->Returned))
        CallReport(&Block, Result);
    else
        Result->Status = Result->Returned;
    ObDereferenceObject(File);
    ZwClose(Handle);
    return STATUS_SUCCESS;
}

/* Reads what the link stands for, then opens the link itself: the object manager follows it. */
NTSTATUS CallThroughLink(CALL_RESULT *Result)
{
    UNICODE_STRING Name, Target;
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Handle;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, CALLER_LINK);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    Status = ZwOpenSymbolicLinkObject(&Handle, GENERIC_READ, &Attributes);
    if (!NT_SUCCESS(Status))
        return Status;
    Target.Buffer = Result->LinkTarget;
    Target.Length = 0;
    Target.MaximumLength = sizeof(Result->LinkTarget) - sizeof(WCHAR);
    Status = ZwQuerySymbolicLinkObject(Handle, &Target, NULL);
    ZwClose(Handle);
    if (!NT_SUCCESS(Status))
        return Status;
    return CallSynchronously(&Name, Result);
}
