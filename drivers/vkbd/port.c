/* SPDX-License-Identifier: MIT */
/* port.c - the keyboard's port: what kbdclass connects to. */
#include "vkbd.h"

VOID VkbdInitializePort(PVKBD_PORT Port, PDEVICE_OBJECT Self)
{
    RtlZeroMemory(Port, sizeof(*Port));
    Port->Common.Self = Self;
    IoInitializeRemoveLock(&Port->Common.RemoveLock, VKBD_TAG, 0, 0);
    KeInitializeSpinLock(&Port->Lock);
    Port->PowerState = PowerDeviceD0;
    Port->Typematic.Rate = 30;
    Port->Typematic.Delay = 250;
}

/*
 * The class driver's routine runs outside the lock; the port's remove lock keeps the port, and with
 * it the class device above, where it is.
 */
NTSTATUS VkbdType(PVKBD_PORT Port, PKEYBOARD_INPUT_DATA Inputs, ULONG Count, PULONG Taken)
{
    NTSTATUS Status = IoAcquireRemoveLock(&Port->Common.RemoveLock, Inputs);
    CONNECT_DATA Connect;
    BOOLEAN Ready;
    KIRQL Irql;

    *Taken = 0;
    if (!NT_SUCCESS(Status))
        return STATUS_DEVICE_NOT_READY;
    KeAcquireSpinLock(&Port->Lock, &Irql);
    Connect = Port->Connect;
    Ready = Connect.ClassService != NULL && Port->Enabled && Port->PowerState == PowerDeviceD0;
    KeReleaseSpinLock(&Port->Lock, Irql);
    if (Ready) {
        KeRaiseIrql(DISPATCH_LEVEL, &Irql);
        ((PSERVICE_CALLBACK_ROUTINE)(ULONG_PTR)Connect.ClassService)(Connect.ClassDeviceObject,
                                                                     Inputs, Inputs + Count, Taken);
        KeLowerIrql(Irql);
    }
    IoReleaseRemoveLock(&Port->Common.RemoveLock, Inputs);
    return Ready ? STATUS_SUCCESS : STATUS_DEVICE_NOT_READY;
}

/* ---- internal control codes ---- */

static NTSTATUS Connect(PVKBD_PORT Port, PIO_STACK_LOCATION Stack)
{
    PCONNECT_DATA Data = Stack->Parameters.DeviceIoControl.Type3InputBuffer;
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL Irql;

    if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*Data))
        return STATUS_INVALID_PARAMETER;
    KeAcquireSpinLock(&Port->Lock, &Irql);
    if (Port->Connect.ClassService != NULL) {
        Status = STATUS_SHARING_VIOLATION;
    } else {
        Port->Connect = *Data;
        Port->Enabled = TRUE;
    }
    KeReleaseSpinLock(&Port->Lock, Irql);
    return Status;
}

static VOID Set(PVKBD_PORT Port, BOOLEAN Connected, BOOLEAN Enabled)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Port->Lock, &Irql);
    if (!Connected)
        RtlZeroMemory(&Port->Connect, sizeof(Port->Connect));
    Port->Enabled = Enabled;
    KeReleaseSpinLock(&Port->Lock, Irql);
}

/* Gives Length bytes of From, if the caller's buffer takes them. */
static NTSTATUS Give(PIRP Irp, const VOID *From, ULONG Length)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < Length)
        return VkbdComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, From, Length);
    return VkbdComplete(Irp, STATUS_SUCCESS, Length);
}

static NTSTATUS Attributes(PIRP Irp)
{
    KEYBOARD_ATTRIBUTES Attributes;

    RtlZeroMemory(&Attributes, sizeof(Attributes));
    Attributes.KeyboardIdentifier.Type = 4; /* 101 or 102 keys */
    Attributes.KeyboardMode = 1;            /* scan code set 1 */
    Attributes.NumberOfFunctionKeys = 12;
    Attributes.NumberOfIndicators = 3;
    Attributes.NumberOfKeysTotal = 101;
    Attributes.InputDataQueueLength = 100;
    Attributes.KeyRepeatMinimum.Rate = 2;
    Attributes.KeyRepeatMinimum.Delay = 250;
    Attributes.KeyRepeatMaximum.Rate = 30;
    Attributes.KeyRepeatMaximum.Delay = 1000;
    return Give(Irp, &Attributes, sizeof(Attributes));
}

static NTSTATUS Translation(PIRP Irp)
{
    struct {
        USHORT Count;
        INDICATOR_LIST List[3];
    } List = {3,
              {{0x3A, KEYBOARD_CAPS_LOCK_ON},
               {0x45, KEYBOARD_NUM_LOCK_ON},
               {0x46, KEYBOARD_SCROLL_LOCK_ON}}};

    return Give(Irp, &List, sizeof(List));
}

static NTSTATUS Lights(PVKBD_PORT Port, PIRP Irp, BOOLEAN Change)
{
    PKEYBOARD_INDICATOR_PARAMETERS Wanted = Irp->AssociatedIrp.SystemBuffer;
    KEYBOARD_INDICATOR_PARAMETERS Now = {0, 0};
    KIRQL Irql;

    if (Change) {
        const USHORT Known = KEYBOARD_CAPS_LOCK_ON | KEYBOARD_NUM_LOCK_ON | KEYBOARD_SCROLL_LOCK_ON;
        if (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.InputBufferLength <
                sizeof(*Wanted) ||
            (Wanted->LedFlags & ~Known) != 0)
            return VkbdComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    KeAcquireSpinLock(&Port->Lock, &Irql);
    if (Change)
        Port->Lights = Wanted->LedFlags;
    Now.LedFlags = Port->Lights;
    KeReleaseSpinLock(&Port->Lock, Irql);
    return Change ? VkbdComplete(Irp, STATUS_SUCCESS, 0) : Give(Irp, &Now, sizeof(Now));
}

static NTSTATUS Typematic(PVKBD_PORT Port, PIRP Irp, BOOLEAN Change)
{
    PKEYBOARD_TYPEMATIC_PARAMETERS Wanted = Irp->AssociatedIrp.SystemBuffer;
    KEYBOARD_TYPEMATIC_PARAMETERS Now;
    KIRQL Irql;

    if (Change &&
        (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.InputBufferLength <
             sizeof(*Wanted) ||
         Wanted->Rate < 2 || Wanted->Rate > 30 || Wanted->Delay < 250 || Wanted->Delay > 1000))
        return VkbdComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    KeAcquireSpinLock(&Port->Lock, &Irql);
    if (Change)
        Port->Typematic = *Wanted;
    Now = Port->Typematic;
    KeReleaseSpinLock(&Port->Lock, Irql);
    return Change ? VkbdComplete(Irp, STATUS_SUCCESS, 0) : Give(Irp, &Now, sizeof(Now));
}

/* The caller holds the remove lock. */
NTSTATUS VkbdPortControl(PVKBD_PORT Port, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_INTERNAL_KEYBOARD_CONNECT:
        return VkbdComplete(Irp, Connect(Port, Stack), 0);
    case IOCTL_INTERNAL_KEYBOARD_DISCONNECT:
        Set(Port, FALSE, FALSE);
        return VkbdComplete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_INTERNAL_KEYBOARD_ENABLE:
        Set(Port, TRUE, TRUE);
        return VkbdComplete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_INTERNAL_KEYBOARD_DISABLE:
        Set(Port, TRUE, FALSE);
        return VkbdComplete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_KEYBOARD_QUERY_ATTRIBUTES:
        return Attributes(Irp);
    case IOCTL_KEYBOARD_QUERY_INDICATOR_TRANSLATION:
        return Translation(Irp);
    case IOCTL_KEYBOARD_QUERY_INDICATORS:
        return Lights(Port, Irp, FALSE);
    case IOCTL_KEYBOARD_SET_INDICATORS:
        return Lights(Port, Irp, TRUE);
    case IOCTL_KEYBOARD_QUERY_TYPEMATIC:
        return Typematic(Port, Irp, FALSE);
    case IOCTL_KEYBOARD_SET_TYPEMATIC:
        return Typematic(Port, Irp, TRUE);
    default:
        return VkbdComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

/* ---- plug and play, power ---- */

static NTSTATUS String(PIRP Irp, const WCHAR *Text, ULONG Bytes)
{
    PVOID Copy = ExAllocatePoolWithTag(PagedPool, Bytes, VKBD_TAG);

    if (Copy == NULL)
        return VkbdComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlCopyMemory(Copy, Text, Bytes);
    return VkbdComplete(Irp, STATUS_SUCCESS, (ULONG_PTR)Copy);
}

static NTSTATUS QueryId(PIRP Irp)
{
    static const WCHAR Device[] = L"VKBD\\Keyboard", Instance[] = L"0";
    static const WCHAR Hardware[] = L"VKBD\\Keyboard\0"; /* a list: two zeros end it */

    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
        return String(Irp, Device, sizeof(Device));
    case BusQueryInstanceID:
        return String(Irp, Instance, sizeof(Instance));
    case BusQueryHardwareIDs:
        return String(Irp, Hardware, sizeof(Hardware));
    default:
        return VkbdComplete(Irp, Irp->IoStatus.Status, 0);
    }
}

static NTSTATUS Target(PVKBD_PORT Port, PIRP Irp)
{
    PDEVICE_RELATIONS Relations = ExAllocatePoolWithTag(PagedPool, sizeof(*Relations), VKBD_TAG);

    if (Relations == NULL)
        return VkbdComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    Relations->Count = 1;
    Relations->Objects[0] = Port->Common.Self;
    ObReferenceObject(Port->Common.Self);
    return VkbdComplete(Irp, STATUS_SUCCESS, (ULONG_PTR)Relations);
}

static VOID Capabilities(PDEVICE_CAPABILITIES To)
{
    To->SilentInstall = TRUE;
    To->SurpriseRemovalOK = TRUE;
    To->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    for (ULONG i = PowerSystemSleeping1; i < POWER_SYSTEM_MAXIMUM; i++)
        To->DeviceState[i] = PowerDeviceD3;
}

/* The caller holds the remove lock. */
NTSTATUS VkbdPortPnp(PVKBD_PORT Port, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

    switch (Stack->MinorFunction) {
    case IRP_MN_QUERY_ID:
        return QueryId(Irp);
    case IRP_MN_QUERY_CAPABILITIES:
        Capabilities(Stack->Parameters.DeviceCapabilities.Capabilities);
        return VkbdComplete(Irp, STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (Stack->Parameters.QueryDeviceRelations.Type == TargetDeviceRelation)
            return Target(Port, Irp);
        break;
    case IRP_MN_REMOVE_DEVICE: /* the bus deletes the PDO with itself; until then it may start again
                                */
    case IRP_MN_SURPRISE_REMOVAL:
        Set(Port, FALSE, FALSE);
        return VkbdComplete(Irp, STATUS_SUCCESS, 0);
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
        return VkbdComplete(Irp, STATUS_SUCCESS, 0);
    default:
        break;
    }
    return VkbdComplete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
}

NTSTATUS VkbdPortPower(PVKBD_PORT Port, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    KIRQL Irql;

    PoStartNextPowerIrp(Irp);
    if (Stack->MinorFunction != IRP_MN_SET_POWER && Stack->MinorFunction != IRP_MN_QUERY_POWER)
        return VkbdComplete(Irp, Irp->IoStatus.Status, 0);
    if (Stack->MinorFunction == IRP_MN_SET_POWER &&
        Stack->Parameters.Power.Type == DevicePowerState) {
        KeAcquireSpinLock(&Port->Lock, &Irql);
        Port->PowerState = Stack->Parameters.Power.State.DeviceState;
        KeReleaseSpinLock(&Port->Lock, Irql);
        PoSetPowerState(Port->Common.Self, DevicePowerState, Stack->Parameters.Power.State);
    }
    return VkbdComplete(Irp, STATUS_SUCCESS, 0);
}
