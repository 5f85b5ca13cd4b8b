/* SPDX-License-Identifier: MIT */
/* requestor.c - who asked for an IRP, and what a thread has at hand while it is served. */
#define _GNU_SOURCE /* pthread_getattr_np */
#include "ntio/io/iop.h"

#include <pthread.h>

PEPROCESS NTAPI IoGetRequestorProcess(PIRP Irp)
{
    PETHREAD Thread = Irp->Tail.Overlay.Thread;

    if (Thread == NULL)
        return NULL;
    /* A thread may act for several processes in turn: that of the time it asked counts. */
    if (IopHasPrefix(Irp) && IopPrefixOf(Irp)->Process != NULL)
        return IopPrefixOf(Irp)->Process;
    return Thread->Tcb.Process;
}

ULONG NTAPI IoGetRequestorProcessId(PIRP Irp)
{
    PEPROCESS Process = IoGetRequestorProcess(Irp);
    return Process != NULL ? HandleToULong(Process->UniqueProcessId) : 0;
}

NTSTATUS NTAPI IoGetRequestorSessionId(PIRP Irp, PULONG pSessionId)
{
    if (IoGetRequestorProcess(Irp) == NULL) {
        *pSessionId = MAXULONG;
        return STATUS_UNSUCCESSFUL;
    }
    *pSessionId = 0;
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI IoIs32bitProcess(PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    return FALSE;
}

BOOLEAN NTAPI IoIsOperationSynchronous(PIRP Irp)
{
    PFILE_OBJECT File = IoGetCurrentIrpStackLocation(Irp)->FileObject;

    if ((Irp->Flags & IRP_SYNCHRONOUS_API) != 0 || (File != NULL && IopIsSynchronous(File)))
        return TRUE;
    return (Irp->Flags & IRP_PAGING_IO) != 0 && (Irp->Flags & IRP_SYNCHRONOUS_PAGING_IO) != 0;
}

NTSTATUS NTAPI IoValidateDeviceIoControlAccess(PIRP Irp, ULONG RequiredAccess)
{
    UCHAR Granted = IoGetCurrentIrpStackLocation(Irp)->Flags;

    if ((RequiredAccess & ~(ULONG)(FILE_READ_ACCESS | FILE_WRITE_ACCESS)) != 0 ||
        RequiredAccess == 0)
        return STATUS_INVALID_PARAMETER;
    if (Irp->RequestorMode == KernelMode)
        return STATUS_SUCCESS;
    if ((RequiredAccess & FILE_READ_ACCESS) != 0 && (Granted & SL_READ_ACCESS_GRANTED) == 0)
        return STATUS_ACCESS_DENIED;
    if ((RequiredAccess & FILE_WRITE_ACCESS) != 0 && (Granted & SL_WRITE_ACCESS_GRANTED) == 0)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

PIRP NTAPI IoGetTopLevelIrp(VOID)
{
    PIOP_THREAD_CACHE Cache = IopCurrentThread()->IrpCache;
    return Cache != NULL ? Cache->TopLevelIrp : NULL;
}

VOID NTAPI IoSetTopLevelIrp(PIRP Irp)
{
    PIOP_THREAD_CACHE Cache = IopThreadCache(IopCurrentThread());
    if (Cache != NULL)
        Cache->TopLevelIrp = Irp;
}

VOID NTAPI IoSetHardErrorOrVerifyDevice(PIRP Irp, PDEVICE_OBJECT DeviceObject)
{
    PETHREAD Thread = Irp->Tail.Overlay.Thread;

    if (Thread == NULL)
        return;
    KiLock(&Thread->IrpLock);
    if (Thread->IrpCache != NULL)
        atomic_store_explicit(&Thread->IrpCache->DeviceToVerify, DeviceObject,
                              memory_order_relaxed);
    KiUnlock(&Thread->IrpLock);
}

PDEVICE_OBJECT NTAPI IoGetDeviceToVerify(PETHREAD Thread)
{
    PDEVICE_OBJECT Device = NULL;

    KiLock(&Thread->IrpLock);
    if (Thread->IrpCache != NULL)
        Device = atomic_load_explicit(&Thread->IrpCache->DeviceToVerify, memory_order_relaxed);
    KiUnlock(&Thread->IrpLock);
    return Device;
}

VOID NTAPI IoSetDeviceToVerify(PETHREAD Thread, PDEVICE_OBJECT DeviceObject)
{
    KiLock(&Thread->IrpLock);
    if (Thread->IrpCache != NULL)
        atomic_store_explicit(&Thread->IrpCache->DeviceToVerify, DeviceObject,
                              memory_order_relaxed);
    KiUnlock(&Thread->IrpLock);
}

PEPROCESS NTAPI IoThreadToProcess(PETHREAD Thread)
{
    return Thread->Tcb.Process;
}

BOOLEAN NTAPI IoIsSystemThread(PETHREAD Thread)
{
    return Thread->Tcb.SystemThread;
}

static VOID IopStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit)
{
    pthread_attr_t Attributes;
    void *Base = NULL;
    size_t Size = 0;

    *LowLimit = *HighLimit = 0;
    if (pthread_getattr_np(pthread_self(), &Attributes) != 0)
        return;
    if (pthread_attr_getstack(&Attributes, &Base, &Size) == 0) {
        *LowLimit = (ULONG_PTR)Base;
        *HighLimit = (ULONG_PTR)Base + Size;
    }
    pthread_attr_destroy(&Attributes);
}

VOID NTAPI IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit)
{
    IopStackLimits(LowLimit, HighLimit);
}

PVOID NTAPI IoGetInitialStack(VOID)
{
    ULONG_PTR Low, High;

    IopStackLimits(&Low, &High);
    return (PVOID)High;
}

IO_PRIORITY_HINT NTAPI IoGetIoPriorityHint(PIRP Irp)
{
    ULONG Hint = (Irp->Flags >> 17) & 7;
    return Hint == 0 ? IoPriorityNormal : (IO_PRIORITY_HINT)(Hint - 1);
}

/* Kept in the IRP's flags, as on Windows; nothing here orders requests by it, a driver may. */
NTSTATUS NTAPI IoSetIoPriorityHint(PIRP Irp, IO_PRIORITY_HINT PriorityHint)
{
    if (PriorityHint < IoPriorityVeryLow || PriorityHint >= MaxIoPriorityTypes)
        return STATUS_INVALID_PARAMETER;
    Irp->Flags = (Irp->Flags & ~(7u << 17)) | (((ULONG)PriorityHint + 1) << 17);
    return STATUS_SUCCESS;
}
