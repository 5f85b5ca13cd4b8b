/* SPDX-License-Identifier: MIT */
/*
 * byname.c - services on a file by its name: what it is, and deleting it. Each opens it, asks, and
 * closes it.
 */
#include "ntio/io/iop.h"

#define IOP_SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* The caller's attributes and its name, where they can be read; the handle is the system's own. */
static NTSTATUS IopOpenByName(KPROCESSOR_MODE Mode, POBJECT_ATTRIBUTES Attributes,
                              ACCESS_MASK Access, ULONG Options, HANDLE *Handle)
{
    OBJECT_ATTRIBUTES Copy;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = IopProbe(Mode, Attributes, sizeof(*Attributes), FALSE);

    if (!NT_SUCCESS(Status))
        return Status;
    if (Attributes == NULL)
        return STATUS_INVALID_PARAMETER;
    Copy = *Attributes;
    if (Mode != KernelMode && Copy.RootDirectory != NULL && ObIsKernelHandle(Copy.RootDirectory))
        return STATUS_INVALID_HANDLE;
    if (Copy.ObjectName != NULL) {
        Status = IopProbe(Mode, Copy.ObjectName, sizeof(*Copy.ObjectName), FALSE);
        if (NT_SUCCESS(Status))
            Status = IopProbe(Mode, Copy.ObjectName->Buffer, Copy.ObjectName->Length, FALSE);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    Copy.Attributes = (Copy.Attributes & OBJ_CASE_INSENSITIVE) | OBJ_KERNEL_HANDLE;
    return IopCreateFile(Handle, Access | SYNCHRONIZE, &Copy, &IoStatus, NULL, 0, IOP_SHARE_ALL,
                         FILE_OPEN, Options | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0, KernelMode, 0);
}

static NTSTATUS IopQueryByName(KPROCESSOR_MODE Mode, POBJECT_ATTRIBUTES Attributes,
                               FILE_NETWORK_OPEN_INFORMATION *Info)
{
    IO_STATUS_BLOCK IoStatus;
    HANDLE Handle;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status =
        IopOpenByName(Mode, Attributes, FILE_READ_ATTRIBUTES, FILE_OPEN_REPARSE_POINT, &Handle);
    if (!NT_SUCCESS(Status))
        return Status;
    Status =
        ZwQueryInformationFile(Handle, &IoStatus, Info, sizeof(*Info), FileNetworkOpenInformation);
    ObCloseHandle(Handle, KernelMode);
    return Status;
}

static NTSTATUS IopQueryFull(KPROCESSOR_MODE Mode, POBJECT_ATTRIBUTES Attributes,
                             PFILE_NETWORK_OPEN_INFORMATION To)
{
    FILE_NETWORK_OPEN_INFORMATION Info;
    NTSTATUS Status = IopProbe(Mode, To, sizeof(*To), TRUE);

    if (NT_SUCCESS(Status))
        Status = IopQueryByName(Mode, Attributes, &Info);
    return NT_SUCCESS(Status) ? MmpCopyUser(To, &Info, sizeof(Info)) : Status;
}

NTSTATUS NTAPI NtQueryFullAttributesFile(POBJECT_ATTRIBUTES ObjectAttributes,
                                         PFILE_NETWORK_OPEN_INFORMATION FileInformation)
{
    return IopQueryFull(IopPreviousMode(), ObjectAttributes, FileInformation);
}

NTSTATUS NTAPI ZwQueryFullAttributesFile(POBJECT_ATTRIBUTES ObjectAttributes,
                                         PFILE_NETWORK_OPEN_INFORMATION FileInformation)
{
    return IopQueryFull(KernelMode, ObjectAttributes, FileInformation);
}

NTSTATUS NTAPI NtQueryAttributesFile(POBJECT_ATTRIBUTES ObjectAttributes,
                                     PFILE_BASIC_INFORMATION FileInformation)
{
    KPROCESSOR_MODE Mode = IopPreviousMode();
    FILE_NETWORK_OPEN_INFORMATION Info;
    FILE_BASIC_INFORMATION Basic;
    NTSTATUS Status = IopProbe(Mode, FileInformation, sizeof(*FileInformation), TRUE);

    if (NT_SUCCESS(Status))
        Status = IopQueryByName(Mode, ObjectAttributes, &Info);
    if (!NT_SUCCESS(Status))
        return Status;
    memset(&Basic, 0, sizeof(Basic));
    Basic.CreationTime = Info.CreationTime;
    Basic.LastAccessTime = Info.LastAccessTime;
    Basic.LastWriteTime = Info.LastWriteTime;
    Basic.ChangeTime = Info.ChangeTime;
    Basic.FileAttributes = Info.FileAttributes;
    return MmpCopyUser(FileInformation, &Basic, sizeof(Basic));
}

/* Closing it is what deletes it; so nobody can be told that that did not go. */
static NTSTATUS IopDeleteByName(KPROCESSOR_MODE Mode, POBJECT_ATTRIBUTES Attributes)
{
    HANDLE Handle;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = IopOpenByName(Mode, Attributes, DELETE, FILE_DELETE_ON_CLOSE | FILE_OPEN_REPARSE_POINT,
                           &Handle);
    if (NT_SUCCESS(Status))
        ObCloseHandle(Handle, KernelMode);
    return Status;
}

NTSTATUS NTAPI NtDeleteFile(POBJECT_ATTRIBUTES ObjectAttributes)
{
    return IopDeleteByName(IopPreviousMode(), ObjectAttributes);
}

NTSTATUS NTAPI ZwDeleteFile(POBJECT_ATTRIBUTES ObjectAttributes)
{
    return IopDeleteByName(KernelMode, ObjectAttributes);
}
