/* SPDX-License-Identifier: MIT */
/*
 * match.c - which drivers a device gets, and AddDevice.
 *
 * The function driver is Enum's Service value, or what CriticalDeviceDatabase names for the first
 * of the hardware, then compatible IDs that it knows; a match is written to Enum and stays. That
 * database stands for the packages that come with Windows: signed, they outrank the unsigned ones
 * of the driver store, which is asked after it. Filters
 * come from LowerFilters and UpperFilters of the device's Enum key and its class key. Bottom up:
 * device lower, class lower, function, device upper, class upper. All are loaded before the first
 * AddDevice.
 */
#include "ntio/pnp/pnpp.h"

typedef struct _PNP_STACK_PLAN {
    struct {
        WCHAR *Service;
        PDRIVER_OBJECT Driver; /* referenced, and held: nobody unloads it meanwhile */
    } * Drivers;
    ULONG Count, Capacity;
} PNP_STACK_PLAN;

/* Services that were loaded because a device needed them: unloaded when the last device is gone. */
typedef struct _PNP_LOADED {
    struct _PNP_LOADED *Next;
    WCHAR Service[1];
} PNP_LOADED;

PNP_FIND_DRIVER *PnpFindDriverCallout;
static PNP_LOADED *PnppLoaded;
static BOOLEAN PnppLook; /* a stack went, or a load led to nothing */

static VOID PnppRemember(const WCHAR *Service)
{
    SIZE_T Characters = NtCrt_wcslen(Service) + 1;
    PNP_LOADED *Loaded = ExAllocatePoolWithTag(
        NonPagedPoolNx, sizeof(*Loaded) + Characters * sizeof(WCHAR), PNP_TAG);

    if (Loaded == NULL)
        return; /* it stays loaded until the shutdown */
    memcpy(Loaded->Service, Service, Characters * sizeof(WCHAR));
    Loaded->Next = PnppLoaded;
    PnppLoaded = Loaded;
}

NTSTATUS PnpLoadDriver(const WCHAR *Service, PDRIVER_OBJECT *Driver)
{
    NTSTATUS Status;

    *Driver = IopFindDriver(Service);
    if (*Driver == NULL) {
        if (IopLoadServiceCallout == NULL)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        Status = IopLoadServiceCallout(Service, Driver);
        if (!NT_SUCCESS(Status))
            return Status;
        PnppRemember(Service);
        PnppLook = TRUE;
    }
    if (!IopHoldDriver(*Driver)) {
        ObDereferenceObject(*Driver);
        *Driver = NULL;
        return STATUS_DRIVER_FAILED_PRIOR_UNLOAD;
    }
    return STATUS_SUCCESS;
}

VOID PnpUnloadIdleDrivers(VOID)
{
    PNP_LOADED **Link = &PnppLoaded, *Loaded;
    PDRIVER_OBJECT Driver;
    BOOLEAN Gone;

    if (!PnppLook)
        return;
    PnppLook = FALSE;
    while ((Loaded = *Link) != NULL) {
        Driver = IopFindDriver(Loaded->Service);
        Gone = Driver == NULL;
        if (Driver != NULL) {
            /* As long as anybody refers to a deleted device of it the image would stay, and the
             * driver could not be loaded again: io says when the last one is gone. */
            if (IopIsDriverIdle(Driver) && Driver->DriverUnload != NULL)
                Gone = NT_SUCCESS(IopUnloadDriver(Driver));
            ObDereferenceObject(Driver);
        }
        if (Gone) {
            *Link = Loaded->Next;
            ExFreePool(Loaded);
        } else {
            Link = &Loaded->Next;
        }
    }
}

VOID PnpForgetDrivers(VOID)
{
    PNP_LOADED *Loaded;

    while ((Loaded = PnppLoaded) != NULL) {
        PnppLoaded = Loaded->Next;
        ExFreePool(Loaded);
    }
}

VOID PnpLookForIdleDrivers(VOID)
{
    PnppLook = TRUE;
}

/* After each action of the worker idle drivers are unloaded. */
static VOID PnppLookRoutine(PNP_ACTION *Action)
{
    (void)Action;
    PnppLook = TRUE;
}

VOID PnpIdleDriver(VOID)
{
    static PNP_ACTION Look = {.Run = PnppLookRoutine};

    PnpQueueActionOnce(&Look);
}

/* The database's key for an ID: backslashes become #. */
static BOOLEAN PnppDatabasePath(const WCHAR *Id, WCHAR Path[PNP_PATH_CHARACTERS])
{
    WCHAR *At;

    if (!PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_DATABASE_KEY L"\\", Id, NULL))
        return FALSE;
    for (At = Path + RTL_NUMBER_OF(PNP_DATABASE_KEY); *At != 0; At++) {
        if (*At == L'\\')
            *At = L'#';
    }
    return TRUE;
}

static NTSTATUS PnppMatchList(const WCHAR *Ids, WCHAR **Service, WCHAR **ClassGuid)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    NTSTATUS Status;

    for (; Ids != NULL && *Ids != 0; Ids += NtCrt_wcslen(Ids) + 1) {
        if (!PnppDatabasePath(Ids, Path))
            continue;
        Status = CmpQueryString(Path, L"Service", Service);
        if (!NT_SUCCESS(Status))
            continue;
        if (!NT_SUCCESS(CmpQueryString(Path, L"ClassGUID", ClassGuid)))
            *ClassGuid = NULL;
        return STATUS_SUCCESS;
    }
    return STATUS_NOT_FOUND;
}

NTSTATUS PnpMatchService(PDEVICE_NODE Node, WCHAR **Service, WCHAR **ClassGuid)
{
    *Service = *ClassGuid = NULL;
    if (NT_SUCCESS(PnppMatchList(Node->HardwareIds, Service, ClassGuid)))
        return STATUS_SUCCESS;
    return PnppMatchList(Node->CompatibleIds, Service, ClassGuid);
}

NTSTATUS PnpAddMatch(const WCHAR *Id, const WCHAR *Service, const GUID *ClassGuid)
{
    WCHAR Path[PNP_PATH_CHARACTERS], Text[PNP_GUID_CHARACTERS];
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Id == NULL || Id[0] == 0 || Service == NULL || Service[0] == 0 ||
        !PnppDatabasePath(Id, Path))
        return STATUS_INVALID_PARAMETER;
    Status = CmpSetString(Path, L"Service", Service);
    if (NT_SUCCESS(Status) && ClassGuid != NULL) {
        PnpGuidString(ClassGuid, Text);
        Status = CmpSetString(Path, L"ClassGUID", Text);
    }
    return Status;
}

/* The class's number for this device: Driver = {class}\NNNN, whose key is the driver's software
 * key. */
static VOID PnppNameDriverKey(const WCHAR *EnumPath, const WCHAR *ClassGuid)
{
    WCHAR Path[PNP_PATH_CHARACTERS], Name[PNP_GUID_CHARACTERS + 8], Number[8];
    WCHAR *Kept;
    ULONG i;

    if (NT_SUCCESS(CmpQueryString(EnumPath, L"Driver", &Kept))) {
        ExFreePool(Kept);
        return;
    }
    for (i = 0; i < 10000; i++) {
        NtCrt__snwprintf(Number, RTL_NUMBER_OF(Number), L"%04u", i);
        if (!PnpJoin(Name, RTL_NUMBER_OF(Name), ClassGuid, L"\\", Number, NULL) ||
            !PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_CLASS_KEY L"\\", Name, NULL))
            return;
        if (!CmpKeyExists(Path))
            break;
    }
    if (i < 10000 && NT_SUCCESS(CmpCreateKey(Path)))
        (void)CmpSetString(EnumPath, L"Driver", Name);
}

/* Writes what the database said of the device to its Enum key, as an installation would. */
static VOID PnppInstall(const WCHAR *EnumPath, const WCHAR *Service, const WCHAR *ClassGuid)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    WCHAR *Name;

    (void)CmpSetString(EnumPath, L"Service", Service);
    if (ClassGuid == NULL)
        return;
    (void)CmpSetString(EnumPath, L"ClassGUID", ClassGuid);
    if (PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_CLASS_KEY L"\\", ClassGuid, NULL) &&
        NT_SUCCESS(CmpQueryString(Path, L"Class", &Name))) {
        (void)CmpSetString(EnumPath, L"Class", Name);
        ExFreePool(Name);
    }
}

/* A driver was installed, which may be one without a service. */
static BOOLEAN PnppHasDriverKey(const WCHAR *EnumPath)
{
    WCHAR *Driver;

    if (!NT_SUCCESS(CmpQueryString(EnumPath, L"Driver", &Driver)))
        return FALSE;
    ExFreePool(Driver);
    return TRUE;
}

NTSTATUS PnpFindService(PDEVICE_NODE Node, WCHAR **Service)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    WCHAR *Found, *ClassGuid;
    NTSTATUS Status;

    *Service = NULL;
    if (!PnpEnumPath(Node->InstancePath, NULL, Path))
        return STATUS_NAME_TOO_LONG;
    Status = CmpQueryString(Path, L"Service", &Found);
    if (NT_SUCCESS(Status) && Found[0] == 0) {
        ExFreePool(Found); /* an empty value is none */
        Status = STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (!NT_SUCCESS(Status)) {
        Status = PnpMatchService(Node, &Found, &ClassGuid);
        if (NT_SUCCESS(Status)) {
            PnppInstall(Path, Found, ClassGuid);
            PnpFree(ClassGuid);
        } else if (!PnppHasDriverKey(Path) && PnpFindDriverCallout != NULL) {
            Status = PnpFindDriverCallout(Node);
            if (NT_SUCCESS(Status) && !NT_SUCCESS(CmpQueryString(Path, L"Service", &Found)))
                Status = STATUS_NOT_FOUND;
        }
        if (!NT_SUCCESS(Status))
            return Status;
    }
    *Service = PnpDuplicateString(Found);
    ExFreePool(Found);
    return *Service != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS PnppPlan(PNP_STACK_PLAN *Plan, const WCHAR *Service)
{
    if (Plan->Count == Plan->Capacity) {
        ULONG Capacity = Plan->Capacity + 8;
        PVOID Larger =
            ExAllocatePoolWithTag(NonPagedPoolNx, Capacity * sizeof(*Plan->Drivers), PNP_TAG);

        if (Larger == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        if (Plan->Count != 0)
            memcpy(Larger, Plan->Drivers, Plan->Count * sizeof(*Plan->Drivers));
        PnpFree(Plan->Drivers);
        Plan->Drivers = Larger;
        Plan->Capacity = Capacity;
    }
    Plan->Drivers[Plan->Count].Driver = NULL;
    Plan->Drivers[Plan->Count].Service = PnpDuplicateString(Service);
    if (Plan->Drivers[Plan->Count].Service == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Plan->Count++;
    return STATUS_SUCCESS;
}

static NTSTATUS PnppPlanFilters(PNP_STACK_PLAN *Plan, const WCHAR *Key, const WCHAR *Value)
{
    WCHAR *List, *At;
    NTSTATUS Status = STATUS_SUCCESS;

    if (Key[0] == 0 || !NT_SUCCESS(CmpQueryString(Key, Value, &List)))
        return STATUS_SUCCESS;
    for (At = List; *At != 0 && NT_SUCCESS(Status); At += NtCrt_wcslen(At) + 1)
        Status = PnppPlan(Plan, At);
    ExFreePool(List);
    return Status;
}

/* Who stands in the stack, bottom up. */
static NTSTATUS PnppPlanStack(PDEVICE_NODE Node, const WCHAR *Service, PNP_STACK_PLAN *Plan)
{
    WCHAR Device[PNP_PATH_CHARACTERS], Class[PNP_PATH_CHARACTERS];
    WCHAR *ClassGuid;
    NTSTATUS Status;

    if (!PnpEnumPath(Node->InstancePath, NULL, Device))
        return STATUS_NAME_TOO_LONG;
    Class[0] = 0;
    if (NT_SUCCESS(CmpQueryString(Device, L"ClassGUID", &ClassGuid))) {
        if (!PnpJoin(Class, PNP_PATH_CHARACTERS, PNP_CLASS_KEY L"\\", ClassGuid, NULL))
            Class[0] = 0;
        else if (Service != NULL)
            PnppNameDriverKey(Device, ClassGuid);
        ExFreePool(ClassGuid);
    }
    Status = PnppPlanFilters(Plan, Device, L"LowerFilters");
    if (NT_SUCCESS(Status))
        Status = PnppPlanFilters(Plan, Class, L"LowerFilters");
    if (NT_SUCCESS(Status) && Service != NULL)
        Status = PnppPlan(Plan, Service);
    if (NT_SUCCESS(Status))
        Status = PnppPlanFilters(Plan, Device, L"UpperFilters");
    if (NT_SUCCESS(Status))
        Status = PnppPlanFilters(Plan, Class, L"UpperFilters");
    return Status;
}

static VOID PnppFreePlan(PNP_STACK_PLAN *Plan)
{
    ULONG i;

    for (i = 0; i < Plan->Count; i++) {
        ExFreePool(Plan->Drivers[i].Service);
        if (Plan->Drivers[i].Driver != NULL) {
            IopLetGoDriver(Plan->Drivers[i].Driver);
            ObDereferenceObject(Plan->Drivers[i].Driver);
        }
    }
    PnpFree(Plan->Drivers);
}

static ULONG PnppLoadProblem(NTSTATUS Status)
{
    switch (Status) {
    case STATUS_OBJECT_NAME_NOT_FOUND:
        return CM_PROB_DRIVER_SERVICE_KEY_INVALID;
    case STATUS_INSUFFICIENT_RESOURCES:
        return CM_PROB_OUT_OF_MEMORY;
    case STATUS_OBJECT_PATH_NOT_FOUND:
    case STATUS_NO_SUCH_FILE:
    case STATUS_INVALID_IMAGE_FORMAT:
    case STATUS_DRIVER_UNABLE_TO_LOAD:
    case STATUS_DRIVER_ENTRYPOINT_NOT_FOUND:
    case STATUS_DRIVER_ORDINAL_NOT_FOUND:
    case STATUS_DLL_NOT_FOUND:
    case STATUS_ENTRYPOINT_NOT_FOUND:
        return CM_PROB_DRIVER_FAILED_LOAD;
    case STATUS_DRIVER_FAILED_PRIOR_UNLOAD:
        return CM_PROB_DRIVER_FAILED_PRIOR_UNLOAD;
    default:
        return CM_PROB_FAILED_DRIVER_ENTRY;
    }
}

/* Programs read it. */
static VOID PnppSetHasStack(PDEVICE_NODE Node)
{
    KiLock(&PnpTreeLock);
    Node->HasStack = TRUE;
    KiUnlock(&PnpTreeLock);
}

NTSTATUS PnpAddDrivers(PDEVICE_NODE Node)
{
    PDEVICE_OBJECT Pdo = Node->PhysicalDeviceObject;
    PNP_STACK_PLAN Plan = {0};
    WCHAR *Service = NULL, Path[PNP_PATH_CHARACTERS];
    PDRIVER_ADD_DEVICE AddDevice;
    NTSTATUS Status;
    ULONG i, Problem = 0;

    Status = PnpFindService(Node, &Service);
    if (Status == STATUS_NOT_FOUND && !Node->RawAllowed &&
        !(PnpEnumPath(Node->InstancePath, NULL, Path) && PnppHasDriverKey(Path))) {
        PnpSetProblem(Node, PnpNoDriver, CM_PROB_FAILED_INSTALL, STATUS_SUCCESS);
        return STATUS_SUCCESS;
    }
    if (!NT_SUCCESS(Status) && Status != STATUS_NOT_FOUND) {
        Problem = CM_PROB_NOT_CONFIGURED;
        goto Exit;
    }
    Status = PnppPlanStack(Node, Service, &Plan);
    if (!NT_SUCCESS(Status))
        Problem = CM_PROB_OUT_OF_MEMORY;
    for (i = 0; i < Plan.Count && NT_SUCCESS(Status); i++) {
        Status = PnpLoadDriver(Plan.Drivers[i].Service, &Plan.Drivers[i].Driver);
        if (!NT_SUCCESS(Status))
            Problem = PnppLoadProblem(Status);
    }
    if (!NT_SUCCESS(Status))
        goto Exit;
    PnpSetService(Node, Service);
    Service = NULL;
    for (i = 0; i < Plan.Count && NT_SUCCESS(Status); i++) {
        AddDevice = Plan.Drivers[i].Driver->DriverExtension->AddDevice;
        if (AddDevice == NULL) {
            Status = STATUS_INVALID_DEVICE_REQUEST; /* no PnP driver */
            break;
        }
        Status = AddDevice(Plan.Drivers[i].Driver, Pdo);
        if (NT_SUCCESS(Status))
            PnppSetHasStack(Node);
        if (KeGetCurrentIrql() != PASSIVE_LEVEL)
            KeBugCheckEx(IRQL_UNEXPECTED_VALUE, (ULONG_PTR)KeGetCurrentIrql() << 16, 0,
                         (ULONG_PTR)AddDevice, (ULONG_PTR)Pdo);
    }
    if (NT_SUCCESS(Status)) {
        PnppSetHasStack(Node); /* a raw device too is told of its removal */
        PnpSetProblem(Node, PnpDriversAdded, 0, STATUS_SUCCESS);
    } else {
        PnpFailDevice(Node, CM_PROB_FAILED_ADD, Status);
    }
    PnppFreePlan(&Plan);
    return Status;
Exit:
    PnpFree(Service);
    PnppFreePlan(&Plan);
    PnpSetProblem(Node, PnpFailed, Problem, Status);
    return Status;
}
