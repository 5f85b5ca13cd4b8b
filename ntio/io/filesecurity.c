/* SPDX-License-Identifier: MIT */
/*
 * filesecurity.c - NtQuerySecurityObject and NtSetSecurityObject.
 *
 * A file that was opened by a name below its device is the driver's to ask. Everything else - a
 * device, an event, a key - has no security descriptor here, for ntio checks no access by them:
 * asking gives an empty one (no list: everybody may), setting one is refused.
 */
#include "ntio/io/iop.h"

/* A self-relative descriptor without owner, group and lists. */
static const UCHAR IopEmptyDescriptor[20] = {
    [0] = SECURITY_DESCRIPTOR_REVISION, [3] = 0x80 /* SE_SELF_RELATIVE, the high byte */};

static ACCESS_MASK IopSecurityAccess(SECURITY_INFORMATION Information, BOOLEAN Set)
{
    ACCESS_MASK Access = 0;

    if ((Information & SACL_SECURITY_INFORMATION) != 0)
        Access |= ACCESS_SYSTEM_SECURITY;
    if (!Set)
        return (Information & ~(ULONG)SACL_SECURITY_INFORMATION) != 0 ? Access | READ_CONTROL
                                                                      : Access;
    if ((Information & (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION)) != 0)
        Access |= WRITE_OWNER;
    if ((Information & DACL_SECURITY_INFORMATION) != 0)
        Access |= WRITE_DAC;
    return Access;
}

/* Whether the handle's object is a file whose driver is to be asked. */
static NTSTATUS IopIsDriversSecurity(HANDLE Handle, ACCESS_MASK Access, KPROCESSOR_MODE Mode,
                                     PBOOLEAN Drivers)
{
    PFILE_OBJECT File;
    PVOID Object;
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, Access, NULL, Mode, &Object, NULL);

    *Drivers = FALSE;
    if (!NT_SUCCESS(Status))
        return Status;
    if (NT_SUCCESS(ObReferenceObjectByPointer(Object, 0, IopFileType, KernelMode))) {
        File = Object;
        *Drivers = File->FileName.Length != 0 || File->RelatedFileObject != NULL;
        ObDereferenceObject(Object);
    }
    ObDereferenceObject(Object);
    return STATUS_SUCCESS;
}

static NTSTATUS IopAskDriver(KPROCESSOR_MODE Mode, HANDLE Handle, SECURITY_INFORMATION Information,
                             PVOID Buffer, ULONG Length, PULONG Needed, PVOID Caller)
{
    IO_STATUS_BLOCK IoStatus;
    IOP_REQUEST Request;
    /* The status block is this routine's, so it is the system's to probe. */
    NTSTATUS Status =
        IopBeginRequest(&Request, KernelMode, Handle, 0, NULL, NULL, NULL, &IoStatus, Caller);

    if (!NT_SUCCESS(Status))
        return Status;
    Request.Mode = Mode;
    Request.Irp->RequestorMode = Mode;
    IoStatus.Pointer = NULL;
    IoStatus.Information = 0;
    Request.Irp->UserBuffer = Buffer;
    Request.Stack->Parameters.QuerySecurity.SecurityInformation = Information;
    Request.Stack->Parameters.QuerySecurity.Length = Length;
    Status = IopSendAndWait(&Request, IRP_MJ_QUERY_SECURITY, &IoStatus);
    if (Status == STATUS_BUFFER_OVERFLOW || Status == STATUS_BUFFER_TOO_SMALL) {
        *Needed = (ULONG)IoStatus.Information;
        return STATUS_BUFFER_TOO_SMALL;
    }
    *Needed = NT_SUCCESS(Status) ? (ULONG)IoStatus.Information : 0;
    return Status;
}

static NTSTATUS IopQuerySecurity(KPROCESSOR_MODE Mode, HANDLE Handle,
                                 SECURITY_INFORMATION Information, PSECURITY_DESCRIPTOR Descriptor,
                                 ULONG Length, PULONG LengthNeeded, PVOID Caller)
{
    NTSTATUS Status = IopProbe(Mode, LengthNeeded, sizeof(*LengthNeeded), TRUE);
    BOOLEAN Drivers;
    ULONG Needed = 0;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (NT_SUCCESS(Status))
        Status = IopProbe(Mode, Descriptor, Length, TRUE);
    if (NT_SUCCESS(Status))
        Status =
            IopIsDriversSecurity(Handle, IopSecurityAccess(Information, FALSE), Mode, &Drivers);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Drivers) {
        Status = IopAskDriver(Mode, Handle, Information, Descriptor, Length, &Needed, Caller);
        if (Status != STATUS_INVALID_DEVICE_REQUEST) {
            if (NT_SUCCESS(Status) || Status == STATUS_BUFFER_TOO_SMALL)
                *LengthNeeded = Needed;
            return Status;
        }
        /* The driver has none: as for a device. */
    }
    *LengthNeeded = sizeof(IopEmptyDescriptor);
    if (Length < sizeof(IopEmptyDescriptor))
        return STATUS_BUFFER_TOO_SMALL;
    return MmpCopyUser(Descriptor, IopEmptyDescriptor, sizeof(IopEmptyDescriptor));
}

/* A self-relative copy in the request's system buffer; any other form is refused. */
static NTSTATUS IopCaptureDescriptor(PIOP_REQUEST Request, PSECURITY_DESCRIPTOR Descriptor)
{
    UCHAR Head[sizeof(IopEmptyDescriptor)];
    volatile ULONG Length = 0; /* survives the guard */
    MMP_GUARD Guard;
    NTSTATUS Status = MmpCopyUser(Head, Descriptor, sizeof(Head));

    if (!NT_SUCCESS(Status))
        return Status;
    if (Head[0] != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    if ((Head[3] & 0x80) == 0)
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    /* Its parts' sizes stand in the parts, wherever they lead; the copy is looked at again. */
    if (MmpEnterGuard(&Guard) != 0)
        return STATUS_ACCESS_VIOLATION;
    if (RtlValidSecurityDescriptor(Descriptor))
        Length = RtlLengthSecurityDescriptor(Descriptor);
    MmpLeaveGuard(&Guard);
    if (Length == 0)
        return STATUS_INVALID_SECURITY_DESCR;
    Status = IopBufferRequest(Request, Descriptor, Length, NULL, 0);
    if (!NT_SUCCESS(Status))
        return Status;
    for (ULONG At = 4; At < sizeof(Head); At += sizeof(ULONG)) {
        ULONG Offset;
        memcpy(&Offset, (PUCHAR)Request->Irp->AssociatedIrp.SystemBuffer + At, sizeof(Offset));
        if (Offset != 0 && (Offset < sizeof(Head) || Offset > Length - 8))
            return STATUS_INVALID_SECURITY_DESCR;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS IopSetSecurity(KPROCESSOR_MODE Mode, HANDLE Handle,
                               SECURITY_INFORMATION Information, PSECURITY_DESCRIPTOR Descriptor,
                               PVOID Caller)
{
    IO_STATUS_BLOCK IoStatus;
    IOP_REQUEST Request;
    BOOLEAN Drivers;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Descriptor == NULL)
        return STATUS_ACCESS_VIOLATION;
    Status = IopIsDriversSecurity(Handle, IopSecurityAccess(Information, TRUE), Mode, &Drivers);
    if (!NT_SUCCESS(Status))
        return Status;
    if (!Drivers)
        return STATUS_NOT_SUPPORTED;
    Status = IopBeginRequest(&Request, KernelMode, Handle, 0, NULL, NULL, NULL, &IoStatus, Caller);
    if (!NT_SUCCESS(Status))
        return Status;
    Request.Mode = Mode;
    Request.Irp->RequestorMode = Mode;
    IoStatus.Pointer = NULL;
    IoStatus.Information = 0;
    Status = IopCaptureDescriptor(&Request, Descriptor);
    if (!NT_SUCCESS(Status)) {
        IopAbandonRequest(&Request);
        return Status;
    }
    Request.Stack->Parameters.SetSecurity.SecurityInformation = Information;
    Request.Stack->Parameters.SetSecurity.SecurityDescriptor =
        Request.Irp->AssociatedIrp.SystemBuffer;
    return IopSendAndWait(&Request, IRP_MJ_SET_SECURITY, &IoStatus);
}

NTSTATUS NTAPI NtQuerySecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                     PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Length,
                                     PULONG LengthNeeded)
{
    return IopQuerySecurity(IopPreviousMode(), Handle, SecurityInformation, SecurityDescriptor,
                            Length, LengthNeeded, __builtin_return_address(0));
}

NTSTATUS NTAPI ZwQuerySecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                     PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Length,
                                     PULONG LengthNeeded)
{
    return IopQuerySecurity(KernelMode, Handle, SecurityInformation, SecurityDescriptor, Length,
                            LengthNeeded, __builtin_return_address(0));
}

NTSTATUS NTAPI NtSetSecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                   PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    return IopSetSecurity(IopPreviousMode(), Handle, SecurityInformation, SecurityDescriptor,
                          __builtin_return_address(0));
}

NTSTATUS NTAPI ZwSetSecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                   PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    return IopSetSecurity(KernelMode, Handle, SecurityInformation, SecurityDescriptor,
                          __builtin_return_address(0));
}
