/* SPDX-License-Identifier: MIT */
/* Plug and play of a child: answers with what the server's bus said of the device. PASSIVE_LEVEL.
 */
#include "scsiclient.h"
#include <ntstrsafe.h>

/* A copy of an entry in paged pool, Extra bytes longer; NULL: there is none, or no memory (*Status
 * says). */
static PUCHAR CopyEntry(PCLIENT_CHILD Child, const PNP_ENTRY *Entry, ULONG Extra, NTSTATUS *Status)
{
    PUCHAR Copy;

    /* The other bus's status is not passed on: it came from a stranger. */
    *Status = STATUS_NOT_SUPPORTED;
    if (!NT_SUCCESS(Entry->Status) || Entry->InfoOffset == 0)
        return NULL;
    Copy = ExAllocatePoolWithTag(PagedPool, Entry->InfoLength + Extra, CLIENT_TAG);
    if (Copy == NULL) {
        *Status = STATUS_INSUFFICIENT_RESOURCES;
        return NULL;
    }
    RtlCopyMemory(Copy, Child->Pnp + Entry->InfoOffset, Entry->InfoLength);
    *Status = STATUS_SUCCESS;
    return Copy;
}

static NTSTATUS QueryId(PCLIENT_CHILD Child, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    const PNP_INFO *Info = (const PNP_INFO *)Child->Pnp;
    ULONG Type = Stack->Parameters.QueryId.IdType;
    ULONG Extra = 0;
    NTSTATUS Status;
    PUCHAR Text;

    if (Type >= RTL_NUMBER_OF(Info->QueryId) || Type == BusQueryContainerID)
        return Irp->IoStatus.Status; /* a container there says nothing about this machine */
    /* Two servers may have devices that are equal to the last letter. */
    if (Type == BusQueryInstanceID && Child->InstanceSuffix != 0)
        Extra = 12 * sizeof(WCHAR);
    Text = CopyEntry(Child, &Info->QueryId[Type], Extra, &Status);
    if (Text == NULL)
        return Status == STATUS_NOT_SUPPORTED ? Irp->IoStatus.Status : Status;
    if (Extra != 0) {
        ULONG Used = Info->QueryId[Type].InfoLength - (ULONG)sizeof(WCHAR);

        RtlStringCbPrintfW((NTSTRSAFE_PWSTR)(Text + Used), Extra + sizeof(WCHAR), L"&%u",
                           Child->InstanceSuffix);
    }
    Irp->IoStatus.Information = (ULONG_PTR)Text;
    return STATUS_SUCCESS;
}

static NTSTATUS QueryText(PCLIENT_CHILD Child, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    const PNP_INFO *Info = (const PNP_INFO *)Child->Pnp;
    ULONG Type = Stack->Parameters.QueryDeviceText.DeviceTextType;
    NTSTATUS Status;
    PUCHAR Text;

    if (Type >= RTL_NUMBER_OF(Info->QueryDeviceText))
        return Irp->IoStatus.Status;
    Text = CopyEntry(Child, &Info->QueryDeviceText[Type], 0, &Status);
    if (Text == NULL)
        return Status == STATUS_NOT_SUPPORTED ? Irp->IoStatus.Status : Status;
    Irp->IoStatus.Information = (ULONG_PTR)Text;
    return STATUS_SUCCESS;
}

/* What is true of a device behind a network whatever its own bus says; the rest as reported. */
static NTSTATUS QueryCapabilities(PCLIENT_CHILD Child, PIO_STACK_LOCATION Stack)
{
    const PNP_ENTRY *Entry = &((const PNP_INFO *)Child->Pnp)->QueryCapabilities;
    PDEVICE_CAPABILITIES To = Stack->Parameters.DeviceCapabilities.Capabilities;
    DEVICE_CAPABILITIES From;
    ULONG State;

    if (To->Version != 1 || To->Size < sizeof(*To))
        return STATUS_UNSUCCESSFUL;
    RtlZeroMemory(&From, sizeof(From));
    if (NT_SUCCESS(Entry->Status) && Entry->InfoOffset != 0)
        RtlCopyMemory(&From, Child->Pnp + Entry->InfoOffset, sizeof(From));

    To->LockSupported = From.LockSupported;
    To->EjectSupported = From.EjectSupported;
    To->SilentInstall = From.SilentInstall;
    To->Removable = TRUE;
    To->SurpriseRemovalOK = TRUE;
    To->UniqueID = FALSE; /* unique on this bus alone */
    To->RawDeviceOK = FALSE;
    To->Address = (ULONG)-1;
    To->UINumber = (ULONG)-1;
    for (State = 0; State < POWER_SYSTEM_MAXIMUM; State++)
        To->DeviceState[State] = PowerDeviceD3;
    To->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    To->DeviceWake = PowerDeviceUnspecified;
    To->SystemWake = PowerSystemUnspecified;
    return STATUS_SUCCESS;
}

static NTSTATUS TargetRelation(PCLIENT_PDO Pdo, PIRP Irp)
{
    PDEVICE_RELATIONS Relations = ExAllocatePoolWithTag(PagedPool, sizeof(*Relations), CLIENT_TAG);

    if (Relations == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ObReferenceObject(Pdo->Common.Self);
    Relations->Count = 1;
    Relations->Objects[0] = Pdo->Common.Self;
    Irp->IoStatus.Information = (ULONG_PTR)Relations;
    return STATUS_SUCCESS;
}

VOID ClientDeletePdo(PCLIENT_PDO Pdo)
{
    PCLIENT_CHILD Child = Pdo->Child;
    PCLIENT_BUS Bus = Child->Bus;
    KIRQL Irql;

    KeAcquireSpinLock(&Bus->Lock, &Irql);
    RemoveEntryList(&Child->Link);
    Child->Pdo = NULL;
    KeReleaseSpinLock(&Bus->Lock, Irql);
    ClientDereferenceChild(Child);
    IoDeleteDevice(Pdo->Common.Self);
}

static NTSTATUS RemoveChild(PCLIENT_PDO Pdo, PIRP Irp)
{
    PCLIENT_CHILD Child = Pdo->Child;
    BOOLEAN Keep;
    KIRQL Irql;

    /*
     * As long as the device is plugged in and reported, only its function driver went (a swap, a
     * disabled device): the PDO stays and may be started again.
     */
    KeAcquireSpinLock(&Child->Bus->Lock, &Irql);
    Keep = Child->Reported;
    KeReleaseSpinLock(&Child->Bus->Lock, Irql);
    if (Keep) {
        ClientCompleteIrp(Irp, STATUS_SUCCESS, 0);
        IoReleaseRemoveLock(&Pdo->Common.RemoveLock, Irp);
        return STATUS_SUCCESS;
    }
    IoReleaseRemoveLockAndWait(&Pdo->Common.RemoveLock, Irp);
    ClientDeletePdo(Pdo);
    return ClientCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS ClientChildPnp(PCLIENT_PDO Pdo, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    POWER_STATE Power = {.DeviceState = PowerDeviceD0};
    NTSTATUS Status = Irp->IoStatus.Status;

    switch (Stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        ClientSetPulled(Pdo->Child, FALSE);
        ClientSetAsleep(Pdo->Child, FALSE);
        PoSetPowerState(Pdo->Common.Self, DevicePowerState, Power);
        Status = STATUS_SUCCESS;
        break;
    case IRP_MN_SURPRISE_REMOVAL:
        /* Of a device that is still plugged in too, if its stack has failed or a person wills it:
         * then it may be started again. */
        ClientSetPulled(Pdo->Child, TRUE);
        Status = STATUS_SUCCESS;
        break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
        Status = STATUS_SUCCESS;
        break;
    case IRP_MN_REMOVE_DEVICE:
        return RemoveChild(Pdo, Irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (Stack->Parameters.QueryDeviceRelations.Type == TargetDeviceRelation)
            Status = TargetRelation(Pdo, Irp);
        break;
    case IRP_MN_QUERY_ID:
        Status = QueryId(Pdo->Child, Irp, Stack);
        break;
    case IRP_MN_QUERY_DEVICE_TEXT:
        Status = QueryText(Pdo->Child, Irp, Stack);
        break;
    case IRP_MN_QUERY_CAPABILITIES:
        Status = QueryCapabilities(Pdo->Child, Stack);
        break;
    default:
        break; /* a bus driver completes what it does not know as it came */
    }
    ClientCompleteIrp(Irp, Status, Irp->IoStatus.Information);
    IoReleaseRemoveLock(&Pdo->Common.RemoveLock, Irp);
    return Status;
}
