/* SPDX-License-Identifier: MIT */
/*
 * driver.c - driver objects: \Driver\Name, from DriverEntry to DriverUnload.
 *
 * The creation's reference is dropped by unloading; each device of the driver holds one more. The
 * image has a count of its own, of those who need the driver's code: the driver until it is
 * unloaded, each device object, work item and registration. So it is gone when these are, whoever
 * still looks at the object, and the driver can be loaded again.
 */
#include "ntio/io/iop.h"

#include <stdio.h>

#define IOP_SERVICES L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

POBJECT_TYPE IopDriverType;
NTSYSAPI POBJECT_TYPE *IoDriverObjectType = &IopDriverType;
LIST_ENTRY IopDriverList = {&IopDriverList, &IopDriverList};
IOP_LOAD_SERVICE *IopLoadServiceCallout;
IOP_IDLE_DRIVER *_Atomic IopIdleDriverCallout;

static VOID IopDeleteDriverObject(PVOID Object)
{
    PIOP_DRIVER Driver = Object;

    if (Driver->Listed) {
        KiLock(&IopDeviceLock);
        RemoveEntryList(&Driver->ListEntry);
        KiUnlock(&IopDeviceLock);
    }
    while (Driver->ClientExtensions != NULL) {
        PIOP_CLIENT_EXTENSION Extension = Driver->ClientExtensions;
        Driver->ClientExtensions = Extension->Next;
        ExFreePoolWithTag(Extension, IOP_TAG_DRIVER);
    }
    while (Driver->Reinitialize != NULL) {
        PIOP_REINITIALIZATION Entry = Driver->Reinitialize;
        Driver->Reinitialize = Entry->Next;
        ExFreePoolWithTag(Entry, IOP_TAG_DRIVER);
    }
    if (Driver->Public.DriverName.Buffer != NULL)
        ExFreePoolWithTag(Driver->Public.DriverName.Buffer, IOP_TAG_NAME);
    if (Driver->Extension.ServiceKeyName.Buffer != NULL)
        ExFreePoolWithTag(Driver->Extension.ServiceKeyName.Buffer, IOP_TAG_NAME);
    NTIO_ASSERT(Driver->Image.Release == NULL); /* whoever needs the image has the object as well */
}

VOID IopReferenceImage(PDRIVER_OBJECT Driver)
{
    atomic_fetch_add(&CONTAINING_RECORD(Driver, IOP_DRIVER, Public)->ImageReferences, 1);
}

VOID IopDereferenceImage(PDRIVER_OBJECT Driver)
{
    PIOP_DRIVER Object = CONTAINING_RECORD(Driver, IOP_DRIVER, Public);

    if (atomic_fetch_sub(&Object->ImageReferences, 1) != 1 || Object->Image.Release == NULL)
        return;
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        Driver->MajorFunction[i] = IopInvalidDeviceRequest;
    Driver->DriverUnload = NULL;
    Driver->DriverStartIo = NULL;
    Driver->FastIoDispatch = NULL;
    Object->Extension.AddDevice = NULL;
    Object->Image.Release(Object->Image.LoaderHandle);
    Object->Image.Release = NULL;
}

VOID IopCountDevice(PDRIVER_OBJECT Driver)
{
    ObReferenceObject(Driver);
    IopReferenceImage(Driver);
    atomic_fetch_add(&CONTAINING_RECORD(Driver, IOP_DRIVER, Public)->DeviceObjects, 1);
}

VOID IopUncountDevice(PDRIVER_OBJECT Driver)
{
    PIOP_DRIVER Object = CONTAINING_RECORD(Driver, IOP_DRIVER, Public);
    ULONG Before = atomic_fetch_sub(&Object->DeviceObjects, 1);
    IOP_IDLE_DRIVER *Callout = atomic_load(&IopIdleDriverCallout);

    IopDereferenceImage(Driver);
    if (Before == 1 && Callout != NULL)
        Callout();
    ObDereferenceObject(Driver);
}

BOOLEAN IopIsDriverIdle(PDRIVER_OBJECT Driver)
{
    return atomic_load(&CONTAINING_RECORD(Driver, IOP_DRIVER, Public)->DeviceObjects) == 0;
}

NTSTATUS IopInitializeDriverType(VOID)
{
    static const OB_TYPE_INFO Info = {.Name = L"Driver", .Delete = IopDeleteDriverObject};
    return ObpCreateType(&Info, &IopDriverType);
}

static const WCHAR *IopLastPart(const WCHAR *Path)
{
    const WCHAR *Slash = NtCrt_wcsrchr(Path, L'\\');
    return Slash != NULL ? Slash + 1 : Path;
}

/* Front + Name, terminated, in pool of IOP_TAG_NAME. */
static NTSTATUS IopJoinName(const WCHAR *Front, const WCHAR *Name, PUNICODE_STRING Joined)
{
    SIZE_T FrontLength = NtCrt_wcslen(Front), Length = NtCrt_wcslen(Name);
    SIZE_T Bytes = (FrontLength + Length) * sizeof(WCHAR);

    if (Bytes + sizeof(WCHAR) > MAXUSHORT)
        return STATUS_NAME_TOO_LONG;
    Joined->Buffer = ExAllocatePoolWithTag(NonPagedPool, Bytes + sizeof(WCHAR), IOP_TAG_NAME);
    if (Joined->Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(Joined->Buffer, Front, FrontLength * sizeof(WCHAR));
    memcpy(Joined->Buffer + FrontLength, Name, Length * sizeof(WCHAR));
    Joined->Buffer[FrontLength + Length] = L'\0';
    Joined->Length = (USHORT)Bytes;
    Joined->MaximumLength = (USHORT)(Bytes + sizeof(WCHAR));
    return STATUS_SUCCESS;
}

/* Runs a routine of the driver as the System process does. */
typedef struct _IOP_SYSTEM_CONTEXT {
    PETHREAD Thread;
    PEPROCESS Process;
} IOP_SYSTEM_CONTEXT;
static VOID IopEnterSystem(IOP_SYSTEM_CONTEXT *Context)
{
    Context->Thread = IopCurrentThread();
    Context->Process = Context->Thread->Tcb.AttachedProcess;
    Context->Thread->Tcb.AttachedProcess = PsInitialSystemProcess;
}
static VOID IopLeaveSystem(IOP_SYSTEM_CONTEXT *Context)
{
    Context->Thread->Tcb.AttachedProcess = Context->Process;
}

static NTSTATUS IopMakeDriver(const WCHAR *Name, const IOP_DRIVER_IMAGE *Image, PIOP_DRIVER *Result)
{
    static UNICODE_STRING HardwareDatabase =
        RTL_CONSTANT_STRING(L"\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\SYSTEM");
    UNICODE_STRING Path = {0};
    OBJECT_ATTRIBUTES Attributes;
    PIOP_DRIVER Driver;
    PVOID Object = NULL;
    NTSTATUS Status = IopJoinName(L"\\Driver\\", Name, &Path);

    if (!NT_SUCCESS(Status))
        return Status;
    InitializeObjectAttributes(&Attributes, &Path, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    Status = ObpCreate(IopDriverType, &Attributes, sizeof(*Driver), &Object);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Path.Buffer, IOP_TAG_NAME);
        return Status;
    }
    Driver = Object;
    Driver->Public.DriverName = Path; /* the object's from here on */
    Driver->Public.Type = IO_TYPE_DRIVER;
    Driver->Public.Size = sizeof(DRIVER_OBJECT);
    Driver->Public.DriverStart = Image->ImageBase;
    Driver->Public.DriverSize = Image->ImageSize;
    Driver->Public.DriverExtension = &Driver->Extension;
    Driver->Public.HardwareDatabase = &HardwareDatabase;
    Driver->Public.DriverInit = Image->Entry;
    Driver->Extension.DriverObject = &Driver->Public;
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        Driver->Public.MajorFunction[i] = IopInvalidDeviceRequest;
    Status = IopJoinName(L"", Name, &Driver->Extension.ServiceKeyName);
    if (NT_SUCCESS(Status))
        Status = ObpInsert(Driver, 0, NULL);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Driver);
        return Status;
    }
    KiLock(&IopDeviceLock);
    InsertTailList(&IopDriverList, &Driver->ListEntry);
    Driver->Listed = TRUE;
    KiUnlock(&IopDeviceLock);
    Driver->Image = *Image; /* its Release is now the object's business */
    atomic_store(&Driver->ImageReferences, 1);
    *Result = Driver;
    return STATUS_SUCCESS;
}

/*
 * Routines that ask to be called again when other drivers are there. On Windows that is after all
 * boot drivers, or after the one driver that was loaded; here every driver is loaded alone. One
 * that registers again is called again.
 */
static VOID IopCallReinitialize(PIOP_DRIVER Driver)
{
    for (;;) {
        KiLock(&IopDeviceLock);
        PIOP_REINITIALIZATION Entry = Driver->Reinitialize;
        if (Entry != NULL)
            Driver->Reinitialize = Entry->Next;
        else
            Driver->Public.Flags &= ~(ULONG)(DRVO_REINIT_REGISTERED | DRVO_BOOTREINIT_REGISTERED);
        KiUnlock(&IopDeviceLock);
        if (Entry == NULL)
            return;
        Driver->Extension.Count++;
        Entry->Routine(&Driver->Public, Entry->Context, Driver->Extension.Count);
        ExFreePoolWithTag(Entry, IOP_TAG_DRIVER);
    }
}

/* IoCreateDevice's DO_DEVICE_INITIALIZING is the I/O manager's to clear for what DriverEntry makes.
 */
static VOID IopReadyDevices(PDRIVER_OBJECT Driver)
{
    KiLock(&IopDeviceLock);
    for (PDEVICE_OBJECT Device = Driver->DeviceObject; Device != NULL; Device = Device->NextDevice)
        Device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    KiUnlock(&IopDeviceLock);
}

/* The name goes, and the creation's reference. What a failed driver left of devices keeps the
 * object alive. */
static VOID IopDropDriver(PIOP_DRIVER Driver)
{
    KiLock(&IopDeviceLock);
    Driver->Unloading = TRUE; /* nobody takes a reference from the list any more */
    KiUnlock(&IopDeviceLock);
    ObpRemoveName(Driver);
    ObDereferenceObject(Driver);
}

/*
 * A driver whose DriverEntry failed, or whose DriverUnload has returned, has no devices; if it has,
 * its code must stay for as long as they do. They are named now, and by the accounting.
 */
static BOOLEAN IopLeftDevices(PIOP_DRIVER Driver)
{
    ULONG Count = 0;

    KiLock(&IopDeviceLock);
    for (PDEVICE_OBJECT Device = Driver->Public.DeviceObject; Device != NULL;
         Device = Device->NextDevice) {
        Device->DeviceObjectExtension->ExtensionFlags |= DOE_UNLOAD_PENDING;
        Count++;
    }
    Driver->LeftDevices = Count != 0;
    KiUnlock(&IopDeviceLock);
    if (Count != 0) {
        char Name[128];
        IopNarrow(&Driver->Public.DriverName, Name, sizeof(Name));
        fprintf(stderr, "ntio: driver %s left %u device object(s) behind\n", Name, (unsigned)Count);
    }
    return Count != 0;
}

/*
 * DriverUnload has returned, or DriverEntry failed: nothing may run in the image any more. A work
 * item or a DPC may still be about to return, and threads to be joined. Only the driver's own work
 * items are waited for: another one may itself be waiting for the thread that unloads.
 * STATUS_RESOURCE_IN_USE: devices were left, and with them the image.
 */
static NTSTATUS IopEndDriverCode(PIOP_DRIVER Driver)
{
    NTSTATUS Status;

    IopFlushWorkItems(Driver);
    ExpDrainWorkOf(Driver->Image.ImageBase, Driver->Image.ImageSize);
    KeFlushQueuedDpcs();
    PspReapThreads();
    Status = IopLeftDevices(Driver) ? STATUS_RESOURCE_IN_USE : STATUS_SUCCESS;
    IopDereferenceImage(&Driver->Public);
    return Status;
}

NTSTATUS IopCreateDriver(const WCHAR *ServiceName, const IOP_DRIVER_IMAGE *Image,
                         PDRIVER_OBJECT *Driver)
{
    const WCHAR *Name = IopLastPart(ServiceName);
    UNICODE_STRING RegistryPath = {0};
    IOP_SYSTEM_CONTEXT Context;
    PIOP_DRIVER New = NULL;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (*Name == L'\0')
        Status = STATUS_OBJECT_NAME_INVALID;
    else
        Status = IopJoinName(IOP_SERVICES, Name, &RegistryPath);
    if (NT_SUCCESS(Status))
        Status = IopMakeDriver(Name, Image, &New);
    if (!NT_SUCCESS(Status)) {
        if (RegistryPath.Buffer != NULL)
            ExFreePoolWithTag(RegistryPath.Buffer, IOP_TAG_NAME);
        if (Image->Release != NULL)
            Image->Release(Image->LoaderHandle);
        return Status;
    }

    IopEnterSystem(&Context);
    Status = New->Public.DriverInit(&New->Public, &RegistryPath);
    if (NT_SUCCESS(Status)) {
        New->Public.Flags |= DRVO_INITIALIZED;
        /* A table entry that the driver set to NULL means: not supported. */
        for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
            if (New->Public.MajorFunction[i] == NULL)
                New->Public.MajorFunction[i] = IopInvalidDeviceRequest;
        }
        if (New->Extension.AddDevice == NULL)
            New->Public.Flags |= DRVO_LEGACY_DRIVER;
        IopReadyDevices(&New->Public);
        IopCallReinitialize(New);
    }
    IopLeaveSystem(&Context);
    ExFreePoolWithTag(RegistryPath.Buffer, IOP_TAG_NAME);
    if (NT_SUCCESS(Status)) {
        *Driver = &New->Public;
    } else {
        IopEndDriverCode(New);
        IopDropDriver(New);
    }
    return Status;
}

/* ---- unloading ---- */

/*
 * Under IopDeviceLock: does anything keep the driver? A driver with AddDevice serves the devices
 * whose stacks it is in; one without that has attached by name may step out of the stack in its
 * DriverUnload.
 */
BOOLEAN IopIsDriverBusy(PIOP_DRIVER Driver)
{
    if (Driver->Holds != 0)
        return TRUE;
    for (PDEVICE_OBJECT Device = Driver->Public.DeviceObject; Device != NULL;
         Device = Device->NextDevice) {
        if (Device->ReferenceCount != 0 || Device->AttachedDevice != NULL ||
            (Driver->Extension.AddDevice != NULL ? IopBottom(Device) : Device)
                    ->DeviceObjectExtension->DeviceNode != NULL)
            return TRUE;
    }
    return FALSE;
}

NTSTATUS IopUnloadDriver(PDRIVER_OBJECT Driver)
{
    PIOP_DRIVER Object = CONTAINING_RECORD(Driver, IOP_DRIVER, Public);
    IOP_SYSTEM_CONTEXT Context;
    NTSTATUS Status = STATUS_SUCCESS;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Driver->DriverUnload == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    KiLock(&IopDeviceLock);
    if (Object->Unloading) {
        Status = STATUS_DEVICE_BUSY; /* another thread is at it, or it left devices behind */
    } else if (IopIsDriverBusy(Object)) {
        Status = STATUS_DEVICE_BUSY;
    } else {
        Object->Unloading = TRUE;
        Driver->Flags |= DRVO_UNLOAD_INVOKED;
        /* No open comes through from here on. */
        for (PDEVICE_OBJECT Device = Driver->DeviceObject; Device != NULL;
             Device = Device->NextDevice)
            Device->DeviceObjectExtension->ExtensionFlags |= DOE_UNLOAD_PENDING;
    }
    KiUnlock(&IopDeviceLock);
    if (!NT_SUCCESS(Status))
        return Status;

    IopEnterSystem(&Context);
    Driver->DriverUnload(Driver);
    IopLeaveSystem(&Context);
    Status = IopEndDriverCode(Object);
    IopDropDriver(Object);
    return Status;
}

/* What is left at shutdown. Windows never unloads a driver that has no DriverUnload; the power
 * goes. */
VOID IopUnloadAllDrivers(VOID)
{
    BOOLEAN Progress;

    do {
        PIOP_DRIVER Found = NULL;
        BOOLEAN Remove = FALSE;
        Progress = FALSE;
        KiLock(&IopDeviceLock);
        /* The youngest first: it may stand on the others. */
        for (PLIST_ENTRY Entry = IopDriverList.Blink; Entry != &IopDriverList;
             Entry = Entry->Blink) {
            PIOP_DRIVER Driver = CONTAINING_RECORD(Entry, IOP_DRIVER, ListEntry);
            if (Driver->Unloading || IopIsDriverBusy(Driver))
                continue;
            Remove = Driver->Public.DriverUnload == NULL;
            if (Remove)
                Driver->Unloading = TRUE;
            Found = Driver;
            ObReferenceObject(Found);
            break;
        }
        KiUnlock(&IopDeviceLock);
        if (Found == NULL)
            break;
        if (Remove) {
            for (;;) {
                PDEVICE_OBJECT Device = Found->Public.DeviceObject;
                if (Device == NULL)
                    break;
                if (Device->DeviceObjectExtension->AttachedTo != NULL)
                    IoDetachDevice(Device->DeviceObjectExtension->AttachedTo);
                IoDeleteDevice(Device);
            }
            IopDereferenceImage(&Found->Public);
            IopDropDriver(Found);
        } else {
            IopUnloadDriver(&Found->Public);
        }
        Progress = TRUE;
        ObDereferenceObject(Found);
    } while (Progress);
}

BOOLEAN IopHoldDriver(PDRIVER_OBJECT Driver)
{
    PIOP_DRIVER Object = CONTAINING_RECORD(Driver, IOP_DRIVER, Public);
    BOOLEAN Held;

    KiLock(&IopDeviceLock);
    Held = !Object->Unloading && !Object->UnloadAsked;
    if (Held)
        Object->Holds++;
    KiUnlock(&IopDeviceLock);
    return Held;
}

VOID IopLetGoDriver(PDRIVER_OBJECT Driver)
{
    PIOP_DRIVER Object = CONTAINING_RECORD(Driver, IOP_DRIVER, Public), Unload;

    KiLock(&IopDeviceLock);
    NTIO_ASSERT(Object->Holds != 0);
    Object->Holds--;
    Unload = IopTakeUnload(Driver);
    KiUnlock(&IopDeviceLock);
    if (Unload != NULL)
        IopFinishUnload(Unload, FALSE);
}

/* ---- finding ---- */

PDRIVER_OBJECT IopFindDriver(const WCHAR *ServiceName)
{
    UNICODE_STRING Path;
    OBJECT_ATTRIBUTES Attributes;
    PVOID Driver = NULL;

    KE_IRQL_AT_MOST(APC_LEVEL);
    if (!NT_SUCCESS(IopJoinName(L"\\Driver\\", IopLastPart(ServiceName), &Path)))
        return NULL;
    InitializeObjectAttributes(&Attributes, &Path, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (!NT_SUCCESS(ObpOpenByName(&Attributes, IopDriverType, 0, NULL, &Driver)))
        Driver = NULL;
    ExFreePoolWithTag(Path.Buffer, IOP_TAG_NAME);
    return Driver;
}

VOID IopEnumerateDrivers(IOP_DRIVER_ROUTINE *Each, PVOID Context)
{
    PDRIVER_OBJECT *Drivers = NULL;
    ULONG Count = 0, Room = 0;

    /* A copy, each with a reference: the routine may take the lock itself. */
    for (;;) {
        Count = 0;
        KiLock(&IopDeviceLock);
        for (PLIST_ENTRY Entry = IopDriverList.Flink; Entry != &IopDriverList; Entry = Entry->Flink)
            Count++;
        if (Count <= Room) {
            Count = 0;
            for (PLIST_ENTRY Entry = IopDriverList.Flink; Entry != &IopDriverList;
                 Entry = Entry->Flink) {
                PIOP_DRIVER Driver = CONTAINING_RECORD(Entry, IOP_DRIVER, ListEntry);
                if (!Driver->Unloading) { /* one on its way out may have no reference to add to */
                    ObReferenceObject(Driver);
                    Drivers[Count++] = &Driver->Public;
                }
            }
            KiUnlock(&IopDeviceLock);
            break;
        }
        KiUnlock(&IopDeviceLock);
        if (Drivers != NULL)
            ExFreePoolWithTag(Drivers, IOP_TAG_MISC);
        Room = Count + 4;
        Drivers = ExAllocatePoolWithTag(NonPagedPool, Room * sizeof(*Drivers), IOP_TAG_MISC);
        if (Drivers == NULL)
            return;
    }
    for (ULONG i = 0; i < Count; i++) {
        Each(Drivers[i], Context);
        ObDereferenceObject(Drivers[i]);
    }
    if (Drivers != NULL)
        ExFreePoolWithTag(Drivers, IOP_TAG_MISC);
}

/* ---- what drivers call ---- */

NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                               PVOID ClientIdentificationAddress,
                                               ULONG DriverObjectExtensionSize,
                                               PVOID *DriverObjectExtension)
{
    PIOP_DRIVER Driver = CONTAINING_RECORD(DriverObject, IOP_DRIVER, Public);
    PIOP_CLIENT_EXTENSION New, Other;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    *DriverObjectExtension = NULL;
    New = ExAllocatePoolWithTag(NonPagedPool, sizeof(*New) + (SIZE_T)DriverObjectExtensionSize,
                                IOP_TAG_DRIVER);
    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(New, 0, sizeof(*New) + (SIZE_T)DriverObjectExtensionSize);
    New->Identification = ClientIdentificationAddress;
    KiLock(&IopDeviceLock);
    for (Other = Driver->ClientExtensions; Other != NULL; Other = Other->Next) {
        if (Other->Identification == ClientIdentificationAddress)
            break;
    }
    if (Other == NULL) {
        New->Next = Driver->ClientExtensions;
        Driver->ClientExtensions = New;
    }
    KiUnlock(&IopDeviceLock);
    if (Other != NULL) {
        ExFreePoolWithTag(New, IOP_TAG_DRIVER);
        return STATUS_OBJECT_NAME_COLLISION;
    }
    *DriverObjectExtension = New->Body;
    return STATUS_SUCCESS;
}

PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                       PVOID ClientIdentificationAddress)
{
    PIOP_DRIVER Driver = CONTAINING_RECORD(DriverObject, IOP_DRIVER, Public);
    PIOP_CLIENT_EXTENSION Extension;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(&IopDeviceLock);
    for (Extension = Driver->ClientExtensions; Extension != NULL; Extension = Extension->Next) {
        if (Extension->Identification == ClientIdentificationAddress)
            break;
    }
    KiUnlock(&IopDeviceLock);
    return Extension != NULL ? Extension->Body : NULL;
}

static VOID IopRegisterReinitialization(PDRIVER_OBJECT DriverObject, PDRIVER_REINITIALIZE Routine,
                                        PVOID Context, ULONG Flag)
{
    PIOP_DRIVER Driver = CONTAINING_RECORD(DriverObject, IOP_DRIVER, Public);
    PIOP_REINITIALIZATION Entry, *Last;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Entry = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Entry), IOP_TAG_DRIVER);
    if (Entry == NULL)
        return; /* the routine can't say so, on Windows either */
    *Entry = (IOP_REINITIALIZATION){NULL, Routine, Context};
    KiLock(&IopDeviceLock);
    for (Last = &Driver->Reinitialize; *Last != NULL; Last = &(*Last)->Next)
        ;
    *Last = Entry;
    DriverObject->Flags |= Flag;
    KiUnlock(&IopDeviceLock);
}

VOID NTAPI IoRegisterDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                            PDRIVER_REINITIALIZE Routine, PVOID Context)
{
    IopRegisterReinitialization(DriverObject, Routine, Context, DRVO_REINIT_REGISTERED);
}

VOID NTAPI IoRegisterBootDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                                PDRIVER_REINITIALIZE Routine, PVOID Context)
{
    IopRegisterReinitialization(DriverObject, Routine, Context, DRVO_BOOTREINIT_REGISTERED);
}
